"""What a device has captured is counted, from whatever thread it comes."""

from datetime import timedelta

from bus_schemas.camera import Motion
from bus_schemas.media import RecorderState, Segment
from edge.agent.capture_statistics import CaptureCounter
from edge.agent.event_factory import EventFactory
from producer.ids import Ids
from tests.node_parts import NOON

FACTORY = EventFactory("YARD", "GATE", Ids(lambda: NOON))


def test_motion_recordings_and_seconds_are_counted_and_other_events_are_not() -> None:
    counter = CaptureCounter()
    counter.buffered = lambda: 4096
    later = NOON + timedelta(seconds=9)
    segment = Segment(start=NOON, duration_s=4.2, codec="h264", width=640, height=360, fps=10, size=99, media=())
    counter.note([FACTORY.event(Motion(phase="start"), NOON), FACTORY.event(Motion(phase="end"), later)])
    counter.note([FACTORY.event(segment, NOON), FACTORY.event(RecorderState(recording=True, mode="off"), NOON)])
    found = counter.statistics()

    assert (found.motion_events, found.recordings, found.snapshots) == (1, 1, 0)
    assert (found.recorded_s, found.last_motion, found.buffer_bytes) == (4.2, later, 4096)
