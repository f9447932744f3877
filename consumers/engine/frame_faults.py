"""Says which faults a frame event reports: the one place that knows it, for incidents and minutes."""

from bus_schemas.camera import FRAME_FAULTS as FRAME_FAULTS
from bus_schemas.camera import PICTURE_FAULTS as PICTURE_FAULTS
from bus_schemas.camera import FrameFault as FrameFault
from consumers.engine.partial import VerdictsPart

Answers = tuple[bool | None, ...]
"""Whether each of `FRAME_FAULTS` is the case; `None` where it is unknown."""


def answers(frame: VerdictsPart) -> Answers:
    """The first fault of a picture alone: a black picture does not move either, and one fault says so.

    Unknown audio is not a loss.
    """
    picture = (frame.blackscreen, frame.freeze, frame.corrupt_rows, frame.macroblocks)
    silent = None if frame.audio is None else not frame.audio
    if True not in picture:
        return *picture, silent
    first = picture.index(True)
    return *picture[: first + 1], *(None for _ in picture[first + 1 :]), silent


def faults(found: Answers) -> tuple[FrameFault, ...]:
    return tuple(kind for kind, is_so in zip(FRAME_FAULTS, found, strict=True) if is_so)
