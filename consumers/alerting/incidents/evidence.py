"""The evidence of an incident: the events that decided it, with figures and pictures."""

from typing import Any, assert_never

from bus_schemas.camera import Frame, FrameEvent, FrameFault
from bus_schemas.media import MediaEvent
from bus_schemas.node import HealthEvent
from bus_schemas.radiometric import CONTENT_TYPE
from consumers.alerting.incidents.detectors import Bad, FrameCondition
from consumers.alerting.incidents.verdict import Verdict
from consumers.engine.frame_faults import FRAME_FAULTS
from consumers.engine.partial import MEDIUM
from consumers.store.journal.record import Recorded

BESIDE_S = 15.0
"""A picture that was taken within so long of an event shows what the event is about."""


def opening(
    number: int, condition: FrameCondition, first: Bad, record: Recorded, picture: tuple[float, str] | None
) -> Verdict:
    """The verdict that opens one of `FRAME_FAULTS`, with its first frame, and the one that decided."""
    assert isinstance(record.event, FrameEvent)
    frame, kind = record.event.data, FRAME_FAULTS[number]
    details = {"share": round(condition.share, 3), **figures(kind, frame)}
    media = frame.media or picture_beside(record.time_s, picture)
    return Verdict(kind, "opened", first.first_at, (first.first_id, record.id), details, media)


def picture_beside(at: float, picture: tuple[float, str] | None) -> tuple[str, ...]:
    """The newest picture, where it is not too old to be looked at for what was found at that time."""
    return () if picture is None or abs(at - picture[0]) > BESIDE_S else (picture[1],)


def figures(kind: FrameFault, frame: Frame) -> dict[str, Any]:
    match kind:
        case "blackscreen":
            return {
                "blackscreen_percentage": frame.blackscreen_percentage,
                "blackscreen_threshold": frame.blackscreen_threshold,
            }
        case "freeze":
            return {
                "freeze_diffs": list(frame.freeze_diffs),
                "freeze_threshold": frame.freeze_threshold,
                "last_3_media": list(frame.last_3_media),
            }
        case "corrupt_rows":
            return {
                "identical_rows": frame.identical_rows,
                "identical_rows_threshold": frame.identical_rows_threshold,
            }
        case "macroblocks":
            return {
                "block_percentage": frame.block_percentage,
                "block_threshold": frame.block_threshold,
                "false_colour_percentage": frame.false_colour_percentage,
            }
        case "audio_loss":
            return {"mean_volume_db": frame.mean_volume_db, "volume_percentage": frame.volume_percentage}
        case _:
            assert_never(kind)


def trouble(event: HealthEvent, record: Recorded, details: dict[str, Any]) -> Verdict:
    now, at = event.data, record.time_s
    if now.status == "degraded":
        counts = {"consecutive_failures": now.consecutive_failures, "total_reconnects": now.total_reconnects}
        return Verdict("degraded", "opened", at, (event.id,), details | counts)
    since = min(now.last_frame_time.timestamp(), at) if now.last_frame_time else at
    waited = {"time_since_last_frame": round(at - since, 2)}
    return Verdict("stale", "opened", since, (event.id,), details | waited)


def is_raw_frame(record: Recorded) -> bool:
    """Whether it is a raw frame of a thermal sensor. That it measured anything says the event beside it."""
    return record.model is MediaEvent and record.decode(MEDIUM).data.content_type == CONTENT_TYPE
