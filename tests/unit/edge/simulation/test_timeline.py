"""From a stream's timestamps to UTC."""

from datetime import timedelta

from edge.simulation.timeline import StreamTimeline
from tests.simulated_clock import SimulatedClock


def test_the_first_timestamp_is_now_and_the_others_keep_their_distance() -> None:
    clock = SimulatedClock()
    start = clock.now
    timeline = StreamTimeline(clock, checked=False)

    assert [timeline.time(seconds) - start for seconds in (5.0, 5.2, 9.0)] == [
        timedelta(0),
        timedelta(seconds=0.2),
        timedelta(seconds=4),
    ]


def test_late_arrival_does_not_move_a_checked_timeline_but_a_stalled_stream_does() -> None:
    clock = SimulatedClock()
    start = clock.now
    timeline = StreamTimeline(clock, checked=True)
    timeline.time(0.0)
    clock.pause(1.5)
    jittered = timeline.time(0.2)
    clock.pause(60)
    resumed = timeline.time(0.4)

    assert jittered == start + timedelta(seconds=0.2)
    assert resumed == clock.now
    assert timeline.restarts == 2


def test_a_loop_goes_on_where_the_last_picture_was() -> None:
    clock = SimulatedClock()
    start = clock.now
    timeline = StreamTimeline(clock, checked=False)
    timeline.time(0.0)
    timeline.time(7.9)
    timeline.loop(first=0.0, gap=0.1)

    assert timeline.time(0.0) == start + timedelta(seconds=8)
