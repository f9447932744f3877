"""The status of a device follows from facts."""

from datetime import UTC, datetime, timedelta

import pytest

from bus_schemas.node import DeviceStatus
from edge.agent.health import Facts, SourceHealth, has_changed, health
from edge.capture.sources.source import StreamReport
from tests.simulated_clock import SimulatedClock

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
LATER = 5000.0


def facts(**given: object) -> Facts:
    return Facts("visual", **({"running": True, "last_attempt": NOON} | given))  # type: ignore[arg-type]  # as each test names them


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Facts("visual"), "not_started"),
        (facts(running=False, failures=3), "stopped"),
        (facts(failures=1, came_s=LATER - 3600), "degraded"),
        (facts(came_s=LATER - 30.01), "stale"),
        (facts(came_s=LATER - 30), "healthy"),
        (facts(), "not_started"),
        (facts(attempt_s=LATER - 10), "not_started"),
        (facts(attempt_s=LATER - 10.01), "degraded"),
        (facts(attempt_s=LATER - 60, connected_s=LATER - 10), "not_started"),
        (facts(connected_s=LATER - 10.01), "stale"),
        (facts(connected_s=LATER - 60, came_s=LATER - 1), "healthy"),
        (facts(came_s=LATER, complaint="half of it is damaged"), "degraded"),
    ],
)
def test_status_by_the_first_rule_that_fits(given: Facts, expected: DeviceStatus) -> None:
    assert given.status(LATER) == expected


def test_a_device_is_as_well_as_the_worst_of_its_sources() -> None:
    lost = Facts("thermal", running=True, last_attempt=NOON, failures=2, reason="no sensor", reconnects=1)
    reported = health([facts(recording=True, reconnects=4), lost], LATER)

    assert (reported.status, reported.reason, reported.is_recording) == ("degraded", "no sensor", True)
    assert (reported.total_reconnects, reported.consecutive_failures) == (5, 2)
    assert reported.kinds == ("visual", "thermal")


def test_the_rate_is_measured_over_ten_seconds() -> None:
    seconds = iter([0.0, 0.0, 0.0, *[number / 10 for number in range(1, 101)]])
    source = SourceHealth("visual", lambda: NOON, elapsed=lambda: next(seconds))
    source.attempting()
    source.connected()
    for _ in range(100):
        source.frame_arrived(NOON, (640, 360))

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
    source.frame_arrived(NOON, (640, 360))

    assert (source.facts.reconnects, source.facts.failures, source.facts.reason) == (1, 0, None)


def test_a_clock_that_is_set_makes_no_device_stale_and_no_rate_wrong() -> None:
    elapsed = SimulatedClock()
    source = SourceHealth("visual", lambda: NOON, elapsed=lambda: (elapsed() - NOON).total_seconds())
    source.attempting()
    source.connected()
    for number in range(110):
        elapsed.pause(0.1)
        source.frame_arrived(NOON + timedelta(hours=1 if number < 50 else -1), (640, 360))

    stream = source.facts.stream
    assert stream is not None
    assert stream.fps == 10.0
    assert health([source.facts], (elapsed() - NOON).total_seconds()).status == "healthy"


def test_what_never_gave_a_picture_says_so() -> None:
    reported = health([facts(connected_s=LATER - 25)], LATER)

    assert (reported.status, reported.reason) == ("stale", "it is connected, but has given no picture for 25 s")


def test_what_sends_pictures_that_cannot_be_decoded_says_that_and_not_that_nothing_came() -> None:
    damaged = "100% of what it sent in the last minute was damaged and is missing"
    never = health([facts(connected_s=LATER - 25, complaint=damaged)], LATER)
    no_longer = health([facts(connected_s=LATER - 90, came_s=LATER - 60, complaint=damaged)], LATER)

    assert (never.status, never.reason) == ("stale", damaged)
    assert (no_longer.status, no_longer.reason) == ("stale", damaged)


def test_what_does_not_open_says_since_when_it_is_waited_for() -> None:
    elapsed = SimulatedClock()
    source = SourceHealth("visual", lambda: NOON, elapsed=elapsed.elapsed)
    source.attempting()
    assert health([source.facts], elapsed.elapsed()).reason == "connecting"

    elapsed.pause(41)
    reported = health([source.facts], elapsed.elapsed())
    assert (reported.status, reported.reason) == ("degraded", "no answer for 41 s since opening began")

    source.frame_arrived(NOON, (640, 360))
    assert health([source.facts], elapsed.elapsed()).status == "healthy"


def test_a_reason_that_counts_is_no_change_but_other_words_are() -> None:
    silent = [health([facts(connected_s=LATER - seconds)], LATER) for seconds in (25, 26.5)]
    hung = health([facts(attempt_s=LATER - 25)], LATER)

    assert silent[0].reason != silent[1].reason
    assert not has_changed(silent[0], silent[1])
    assert has_changed(None, silent[0])
    assert has_changed(silent[0], hung)
    assert has_changed(hung, hung.model_copy(update={"reason": "no such device"}))


def test_a_source_that_nobody_waits_for_any_longer_is_stopped() -> None:
    source = SourceHealth("visual", lambda: NOON)
    source.attempting()
    source.abandoned()
    assert health([source.facts], 0.0).reason == "the agent stops"

    source.stopped("the recording is over")
    source.abandoned()
    assert health([source.facts], 0.0).reason == "the recording is over"


def test_the_rate_of_the_camera_is_told_beside_that_of_the_analysis() -> None:
    elapsed = SimulatedClock()
    source = SourceHealth("visual", lambda: NOON, elapsed=elapsed.elapsed)
    source.connected()
    for _ in range(60):
        elapsed.pause(0.2)
        source.frame_arrived(NOON, (640, 360))
    source.stream_reported(StreamReport(25.0, "hevc", 2_000_000))

    stream = source.facts.stream
    assert stream is not None
    assert (stream.fps, stream.analysis_fps, stream.codec) == (25.0, 5.0, "hevc")
    assert stream.bits_per_s == 2_000_000


def test_a_device_records_while_a_segment_is_open() -> None:
    source = SourceHealth("visual", lambda: NOON)
    source.connected()
    assert not source.facts.recording

    source.recording_since(NOON)
    assert health([source.facts], 0.0).current_segment_start == NOON
    assert source.facts.recording

    source.failed("no data for 10 s")
    assert not source.facts.recording
    assert health([source.facts], 0.0).current_segment_start is None


def test_a_sensor_of_which_every_pixel_is_invalid_says_so_and_a_single_empty_frame_is_no_matter() -> None:
    elapsed = SimulatedClock()
    source = SourceHealth("thermal", lambda: NOON, elapsed=elapsed.elapsed)
    source.attempting()
    source.connected()
    source.frame_arrived(NOON, (32, 24))
    source.blank_frame_arrived()
    assert health([source.facts], elapsed.elapsed()).status == "healthy"

    elapsed.pause(2.0)
    source.blank_frame_arrived()
    reported = health([source.facts], elapsed.elapsed())
    assert (reported.status, reported.reason) == ("degraded", "every pixel that the sensor gives is invalid")

    source.frame_arrived(NOON, (32, 24))
    assert health([source.facts], elapsed.elapsed()).status == "healthy"


def test_a_device_says_what_it_is_expected_to_send() -> None:
    camera, sensor = SourceHealth("visual", lambda: NOON), SourceHealth("thermal", lambda: NOON)

    assert health([camera.facts, sensor.facts], 0.0).expects == "frames"
    assert health([sensor.facts], 0.0).expects == "readings"
    camera.stopped("the recording is over", is_over=True)
    assert health([camera.facts, sensor.facts], 0.0).expects == "readings"
    assert health([camera.facts], 0.0).expects == "heartbeat"


def test_a_device_says_since_when_it_gives_nothing_and_whether_it_ever_did() -> None:
    moments = iter([NOON, NOON + timedelta(minutes=1)])
    source = SourceHealth("visual", lambda: next(moments))
    source.attempting()
    source.failed("refused")
    source.attempting()
    reported = health([source.facts], 0.0)
    assert (reported.has_worked, reported.silent_since) == (False, NOON)

    source.frame_arrived(NOON + timedelta(minutes=2), (640, 360))
    reported = health([source.facts], source.facts.came_s or 0.0)
    assert (reported.status, reported.has_worked, reported.silent_since) == ("healthy", True, None)

    source.failed("no data for 10 s")
    assert health([source.facts], 0.0).silent_since == NOON + timedelta(minutes=2)


def test_a_second_stream_is_analysed_and_the_first_is_what_the_camera_sends() -> None:
    elapsed = [0.0]
    main = SourceHealth("visual", lambda: NOON, elapsed=lambda: elapsed[0])
    sub = SourceHealth("sub", lambda: NOON, elapsed=lambda: elapsed[0])
    for source, size in ((main, (1920, 1080)), (sub, (640, 360))):
        source.attempting()
        source.connected()
        source.frame_arrived(NOON, size)
    main.stream_reported(StreamReport(15.0, "h264", 2_000_000))
    elapsed[0] = 10.0
    for source, size in ((main, (1920, 1080)), (sub, (640, 360))):
        for _ in range(49 if source is sub else 4):
            source.frame_arrived(NOON, size)
    found = health([main.facts, sub.facts], 10.0)

    assert found.kinds == ("visual",)
    assert found.stream_info is not None
    assert (found.stream_info.width, found.stream_info.fps, found.stream_info.codec) == (1920, 15.0, "h264")
    assert found.stream_info.analysis_fps == 0.2
