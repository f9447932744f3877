"""Where a player of segments has to start its decoder anew."""

from bus_schemas.media import MJPEG
from consumers.views.recordings.questions import OVERLAP_S, SegmentRow


def is_break(pause_s: float, *, is_restarted: bool, is_other_container: bool) -> bool:
    """After a restart, a hole, another container, or where segments overlap. `pause_s` is from the end of one segment
    to the beginning of the next.
    """
    return is_restarted or is_other_container or abs(pause_s) > OVERLAP_S


def is_break_between(before: SegmentRow, after: SegmentRow) -> bool:
    return is_break(
        after.start - before.end,
        is_restarted=after.discontinuity,
        is_other_container=(before.codec == MJPEG) != (after.codec == MJPEG),
    )
