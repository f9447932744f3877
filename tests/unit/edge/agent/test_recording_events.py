"""The events of a recorder."""

from datetime import UTC, datetime

from bus_schemas.media import MediaEvent, RecorderEvent, SegmentEvent
from edge.agent.event_factory import EventFactory
from edge.agent.recording_events import change_drafts, segment_drafts
from edge.capture.recording_control import RecordingDecision
from edge.capture.recording_gate import RecorderChange
from edge.capture.segments import RecordedSegment
from producer.ids import Ids, utc_now

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def factory() -> EventFactory:
    return EventFactory("YARD", "GATE", Ids(utc_now))


def test_a_segment_is_a_medium_and_the_event_that_refers_to_it() -> None:
    segment = RecordedSegment(NOON, 9.96, b"\x47" * 188, "h264", 640, 360, 15.0, audio=False, discontinuity=True)
    medium, event = (draft.event for draft in segment_drafts(factory(), [segment]))

    assert isinstance(medium, MediaEvent)
    assert isinstance(event, SegmentEvent)
    assert (medium.data.kind, medium.data.content_type, medium.data.duration_s) == ("segment", "video/mp2t", 9.96)
    assert event.data.media == (medium.data.key,)
    assert (event.data.start, event.data.duration_s, event.data.discontinuity, event.data.size) == (
        NOON,
        9.96,
        True,
        188,
    )


def test_a_recorder_says_why_it_records_nothing() -> None:
    changes = [
        RecorderChange(NOON, RecordingDecision("motion", "no_motion")),
        RecorderChange(NOON, RecordingDecision("motion", None)),
    ]
    events = [draft.event for draft in change_drafts(factory(), changes)]

    assert [event.data.model_dump() for event in events if isinstance(event, RecorderEvent)] == [
        {"recording": False, "mode": "motion", "reason": "no_motion"},
        {"recording": True, "mode": "motion", "reason": None},
    ]
