"""The loop of a capture thread."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from edge.capture import capture, retry_seconds
from edge.health import SourceHealth
from edge.sources.source import Reading, SourceEnded, SourceUnreachable

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Scripted:
    """A source that does what it is told: an exception is raised, None is handed out."""

    def __init__(self, *script: Exception | None) -> None:
        self._script = iter(script)
        self.opened = self.closed = 0

    def open(self) -> None:
        self.opened += 1

    def read(self) -> Reading | None:
        step = next(self._script)
        if step is not None:
            raise step
        return None

    def close(self) -> None:
        self.closed += 1


def run(source: Scripted, health: SourceHealth) -> tuple[list[Reading | None], list[float]]:
    taken: list[Reading | None] = []
    waited: list[float] = []
    capture(source, health, taken.append, lambda: False, waited.append)
    return taken, waited


def test_a_source_that_is_lost_is_opened_again_after_a_while() -> None:
    source = Scripted(None, SourceUnreachable("cable"), None, SourceUnreachable("cable"), SourceEnded())
    health = SourceHealth("visual", lambda: NOON)
    _, waited = run(source, health)

    assert (source.opened, source.closed) == (3, 3)
    assert [round(wait / base, 1) for wait, base in zip(waited, (5, 10), strict=True)] == pytest.approx([1, 1], abs=0.2)
    assert health.facts.reconnects == 2


def test_a_recording_that_is_over_stops_the_device() -> None:
    health = SourceHealth("visual", lambda: NOON)
    taken, _ = run(Scripted(None, SourceEnded()), health)

    assert taken == [None, None]
    assert health.facts.status(0.0) == "stopped"
    assert health.facts.reason == "the recording is over"


def test_a_fault_of_ours_is_not_caught() -> None:
    source = Scripted(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        run(source, SourceHealth("visual", lambda: NOON))

    assert source.closed == 1


@pytest.mark.parametrize(("failures", "expected"), [(1, 5), (2, 10), (4, 40), (7, 300), (100, 300)])
def test_retries_come_later_and_later_up_to_five_minutes(failures: int, expected: float) -> None:
    waits: Iterator[float] = (retry_seconds(failures) for _ in range(50))

    assert all(0.8 * expected <= wait <= 1.2 * expected for wait in waits)
