"""What people may set of a device is bounded, and what a device tells of itself may be more than that."""

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.messages.wishes import Wishes, understood


@pytest.mark.parametrize(
    "section",
    [
        {"motion": {"min_area": 99}},
        {"motion": {"min_area": 10_001}},
        {"motion": {"min_area": 99_999}},
        {"motion": {"sensitivity": 101}},
        {"picture": {"freeze_seconds": 1e300}},
        {"zones": [{"name": "yard", "points": [[0, 0], [1, 0], [1, 1]], "max_people": 10**30}]},
        {"rois": [{"name": "  ", "coordinates": [[0, 0], [1, 1]]}]},
        {"rois": [{"name": "roof", "coordinates": [[0, 0], [1, 1]], "visual_coordinates": [[0, 0], [1e300, 1]]}]},
    ],
)
def test_what_nobody_can_mean_is_refused(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Wishes.model_validate(section)


@pytest.mark.parametrize("area", [100, 500, 10_000])
def test_the_smallest_area_of_motion_is_from_a_hundred_to_ten_thousand(area: int) -> None:
    assert Wishes.model_validate({"motion": {"min_area": area}}).sections()["motion"]["min_area"] == area


def test_a_device_may_tell_of_an_area_that_its_configuration_has() -> None:
    assert understood({"motion": {"sensitivity": 25, "min_area": 50}}) == {
        "motion": {"sensitivity": 25, "min_area": 50}
    }
