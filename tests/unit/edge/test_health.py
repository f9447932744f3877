"""The status of a device follows from facts."""

from datetime import UTC, datetime, timedelta

import pytest

from bus_schemas.node import DeviceStatus
from edge.health import Facts, SourceHealth, health
from tests.simulated import SimulatedClock

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
LATER = 5000.0


def facts(**given: object) -> Facts:
    return Facts("visual", **({"running": True, "last_attempt": NOON} | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Facts("visual"), "not_started"),
        (facts(running=False, failures=3), "stopped"),
        (facts(failures=1, came_s=LATER - 3600), "degraded"),
        (facts(came_s=LATER - 30.01), "stale"),
        (facts(came_s=LATER - 30), "healthy"),
        (facts(), "healthy"),
    ],
)
def test_status_by_the_first_rule_that_fits(given: Facts, expected: DeviceStatus) -> None:
    assert given.status(LATER) == expected


def test_a_device_is_as_well_as_the_worst_of_its_sources() -> None:
    lost = Facts("thermal", running=True, last_attempt=NOON, failures=2, reason="no sensor", reconnects=1)
    told = health([facts(recording=True, reconnects=4), lost], LATER)

    assert (told.status, told.reason, told.is_recording) == ("degraded", "no sensor", True)
    assert (told.total_reconnects, told.consecutive_failures) == (5, 2)
    assert told.kinds == ("visual", "thermal")


def test_the_rate_is_measured_over_ten_seconds() -> None:
    seconds = iter([0.0, 0.0, *[number / 10 for number in range(1, 101)]])
    source = SourceHealth("visual", lambda: NOON, records=True, elapsed=lambda: next(seconds))
    source.attempting()
    source.connected()
    for _ in range(100):
        source.gave(NOON, (640, 360))

    stream = source.facts.stream
    assert stream is not None
    assert (stream.fps, stream.width, stream.height) == (10.0, 640, 360)


def test_connecting_again_counts_and_a_frame_ends_the_failures() -> None:
    source = SourceHealth("visual", lambda: NOON)
    source.attempting()
    source.connected()
    assert source.failed("refused") == 1
    assert source.failed("refused") == 2
    source.connected()
    source.gave(NOON, (640, 360))

    assert (source.facts.reconnects, source.facts.failures, source.facts.reason) == (1, 0, None)


def test_a_clock_that_is_set_makes_no_device_stale_and_no_rate_wrong() -> None:
    elapsed = SimulatedClock()
    source = SourceHealth("visual", lambda: NOON, elapsed=lambda: (elapsed() - NOON).total_seconds())
    source.attempting()
    source.connected()
    for number in range(110):
        elapsed.pause(0.1)
        source.gave(NOON + timedelta(hours=1 if number < 50 else -1), (640, 360))

    stream = source.facts.stream
    assert stream is not None
    assert stream.fps == 10.0
    assert health([source.facts], (elapsed() - NOON).total_seconds()).status == "healthy"
