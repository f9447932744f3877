"""Decides whether missing sound has the cause of a fault of the picture, and so is no incident of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from consumers.alerting.incidents.detectors import Bad, FrameWindow
from consumers.alerting.incidents.verdict import Open
from consumers.alerting.rules import SAME_CAUSE_S
from consumers.engine.frame_faults import FRAME_FAULTS, PICTURE_FAULTS, Answers

SOUND: Final = FRAME_FAULTS.index("audio_loss")
_OF_PICTURE: Final = tuple(FRAME_FAULTS.index(kind) for kind in PICTURE_FAULTS)


@dataclass(slots=True)
class MissingSound:
    """Picture and sound that fail within seconds of each other have one cause, and are the incident of the picture.
    Sound that is still missing when the picture is good again is a matter of its own.
    """

    withheld: Bad | None = None
    """Its first frame, where it is part of an incident of the picture."""

    def is_of_picture(self, window: FrameWindow, answers: Answers, opened: Mapping[str, Open]) -> bool:
        """Asked of a frame without sound."""
        open_since = [opened[kind].since for kind in PICTURE_FAULTS if kind in opened]
        if open_since and self.withheld is not None:
            return True
        began = window.conditions[SOUND].begin
        assert began is not None, "the frame is without sound"
        failing = open_since or _failing_since(window, answers)
        if not any(abs(began.first_at - since) <= SAME_CAUSE_S for since in failing):
            return False
        self.withheld = began
        return True


def is_silent_since(window: FrameWindow, since: float) -> bool:
    """Whether sound is missing that failed with a fault of the picture which began then."""
    sound = window.conditions[SOUND]
    if sound.begin is None or sound.good_since is not None:
        return False
    return abs(sound.begin.first_at - since) <= SAME_CAUSE_S


def _failing_since(window: FrameWindow, answers: Answers) -> list[float]:
    """When the faults began that the picture of this frame may be about to have an incident of."""
    if not any(answers[number] for number in _OF_PICTURE):
        return []
    failing = (window.conditions[number] for number in _OF_PICTURE)
    return [one.begin.first_at for one in failing if one.begin is not None and one.good_since is None]
