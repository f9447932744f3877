"""Requests are read at the door, and settings are replaced in whole sections or not at all."""

import pytest

from bus_schemas.protocol import CommandRequest
from bus_schemas.settings import AdjustableSettings, MotionSettings, Roi
from edge.agent.commands import CommandRefused, change_of, command_of, read_request

BEFORE = AdjustableSettings(
    rois=(Roi(name="lid", coordinates=((0, 0), (4, 4))),), motion=MotionSettings(sensitivity=10)
)


def request(**settings: object) -> CommandRequest:
    return CommandRequest(request_id="r1", changed_by="Ada", settings=settings)


def test_sections_that_are_not_named_stay() -> None:
    after = change_of(request(motion={"sensitivity": 60})).applied_to(BEFORE)

    assert after.rois == BEFORE.rois
    assert after.motion == MotionSettings(sensitivity=60)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "name at least one section"),
        ({"rois": [{"name": "a", "coordinates": [[4, 4], [4, 8]]}]}, "has no area"),
        ({"rois": [{"name": "", "coordinates": [[0, 0], [4, 8]]}]}, "rois.0.name"),
        ({"rois": [{"name": "a", "coordinates": [[0, 0], [33, 8]]}]}, "less than or equal to 32"),
        ({"rois": [], "motion": {"sensitivity": -1}}, "motion.sensitivity"),
        ({"volume": 3}, "volume"),
    ],
)
def test_one_part_that_does_not_fit_refuses_the_whole(settings: dict[str, object], reason: str) -> None:
    with pytest.raises(CommandRefused, match=reason) as refused:
        change_of(request(**settings))

    assert (refused.value.request_id, refused.value.by) == ("r1", "Ada")


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b'{"request_id": ""}', b'{"request_id": 7}', b" " * 300_000])
def test_what_is_no_request_is_refused_with_a_sentence(payload: bytes) -> None:
    with pytest.raises(CommandRefused, match="the request"):
        read_request(payload)


def test_a_command_is_known_by_its_topic() -> None:
    assert command_of("watchpost/v1/YARD/GATE/command/snapshot") == ("YARD", "GATE", "snapshot")
    assert command_of("watchpost/v1/YARD/GATE/state") is None
    assert command_of("elsewhere") is None
