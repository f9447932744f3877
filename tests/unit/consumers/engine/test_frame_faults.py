"""Which faults a frame reports."""

import pytest

from bus_schemas.camera import FRAME_FAULTS, Frame
from consumers.engine.frame_faults import answers, faults
from consumers.engine.partial import VerdictsPart


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        (VerdictsPart(), ()),
        (VerdictsPart(audio=True), ()),
        (VerdictsPart(audio=False), ("audio_loss",)),
        (VerdictsPart(blackscreen=True, freeze=True, audio=False), ("blackscreen", "audio_loss")),
        (VerdictsPart(blackscreen=False, freeze=True, macroblocks=True), ("freeze",)),
        (VerdictsPart(blackscreen=False, freeze=False, corrupt_rows=True, macroblocks=True), ("corrupt_rows",)),
        (VerdictsPart(blackscreen=None, freeze=None, macroblocks=True), ("macroblocks",)),
    ],
)
def test_of_the_faults_of_a_picture_the_first_counts(frame: VerdictsPart, found: tuple[str, ...]) -> None:
    assert faults(answers(frame)) == found


def test_what_stands_behind_a_fault_is_not_judged_and_what_stands_before_is() -> None:
    frozen = VerdictsPart(blackscreen=False, freeze=True, corrupt_rows=False, macroblocks=False, audio=True)

    assert answers(frozen) == (False, True, None, None, False)
    assert answers(VerdictsPart()) == (None,) * len(FRAME_FAULTS)


def test_the_fields_that_decide_are_fields_of_the_event() -> None:
    assert {*FRAME_FAULTS} - {"audio_loss"} <= Frame.model_fields.keys()
