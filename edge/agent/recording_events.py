"""Makes the events of a recorder: its segments, and whether it records."""

from collections.abc import Sequence

from bus_schemas.media import RecorderState, Segment
from edge.agent.event_factory import EncodedPicture, EventFactory
from edge.capture.recording_gate import RecorderChange
from edge.capture.segments import RecordedSegment
from producer.outbox.tables import Draft


def segment_drafts(event_factory: EventFactory, finished: Sequence[RecordedSegment]) -> list[Draft]:
    """Each medium before the event that refers to it."""
    drafts: list[Draft] = []
    for segment in finished:
        video = EncodedPicture(segment.data, segment.width, segment.height, segment.duration_s, segment.content_type)
        medium, key = event_factory.medium("segment", video, segment.start)
        data = Segment(
            start=segment.start,
            duration_s=segment.duration_s,
            codec=segment.codec,
            width=segment.width,
            height=segment.height,
            fps=segment.fps,
            size=len(segment.data),
            discontinuity=segment.discontinuity,
            media=(key,),
        )
        drafts += [medium, event_factory.event(data, segment.start)]
    return drafts


def change_drafts(event_factory: EventFactory, changes: Sequence[RecorderChange]) -> list[Draft]:
    drafts: list[Draft] = []
    for change in changes:
        decision = change.decision
        data = RecorderState(recording=decision.records, mode=decision.mode, reason=decision.reason)
        drafts.append(event_factory.event(data, change.time))
    return drafts
