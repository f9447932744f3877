"""What a device tells of its settings, and what of it can be shown."""

import pytest

from gateway.messages.wishes import UNTOLD, understood


def test_what_the_agent_tells_is_understood() -> None:
    assert understood(UNTOLD) == UNTOLD


@pytest.mark.parametrize(
    "told",
    [
        {"motion": {"sensitivity": "very"}},
        {"motion": {"sensitivity": 30, "unknown": 1}},
        {"motion": None},
        {"rois": [{"name": "pump"}]},
        {"rois": "all"},
        {"zones": [{"name": "door", "points": [[0, 0]]}]},
        {"picture": []},
    ],
)
def test_a_section_that_says_something_else_is_left_out_alone(told: dict[str, object]) -> None:
    assert understood({**told, "lamp": {"on": True}}) == {"lamp": {"on": True}}
