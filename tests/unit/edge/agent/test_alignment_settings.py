"""How the two sensors of a device lie over each other is said in the configuration."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from edge.agent.settings import DeviceSettings
from edge.agent.source_factory import alignment

CORNERS = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
SCENES = {"visual": {"kind": "scene", "scene": "visual"}, "thermal": {"kind": "scene", "scene": "thermal"}}


def device(given: dict[str, Any] | None, **more: Any) -> DeviceSettings:
    return DeviceSettings.model_validate({"site": "YARD", "device": "GATE", **SCENES, "alignment": given, **more})


def laid(settings: DeviceSettings, x: float, y: float) -> tuple[float, float]:
    """Where a place of the picture is in the thermal frame."""
    across, down, scale = alignment(settings).matrix @ np.array([x, y, 1.0])
    return float(across / scale), float(down / scale)


def test_without_a_word_both_see_the_same() -> None:
    assert laid(device(None), 0.25, 0.75) == (0.25, 0.75)


def test_a_narrow_camera_sees_the_middle_of_a_wide_sensor() -> None:
    said = device({"by": "fields_of_view", "thermal": [110, 75], "visual": [62, 49]})

    assert laid(said, 0.5, 0.5) == pytest.approx((0.5, 0.5))
    assert laid(said, 0.0, 0.0) == pytest.approx((0.2896, 0.2030), abs=1e-3)


def test_four_marked_points_are_laid_over_each_other() -> None:
    thermal = [[0.3, 0.25], [0.7, 0.3], [0.72, 0.75], [0.28, 0.7]]
    said = device({"by": "points", "visual": CORNERS, "thermal": thermal})

    assert laid(said, 0.9, 0.9) == pytest.approx((0.72, 0.75), abs=1e-4)


@pytest.mark.parametrize(
    ("given", "more", "why"),
    [
        ({"by": "points", "visual": CORNERS, "thermal": [[0.1, 0.1]] * 4}, {}, "three of the four points"),
        ({"by": "points", "visual": CORNERS, "thermal": CORNERS[:3]}, {}, "thermal"),
        ({"by": "points", "visual": [[2, 0], *CORNERS[1:]], "thermal": CORNERS}, {}, "less than or equal to 1"),
        ({"by": "fields_of_view", "thermal": [0, 75], "visual": [62, 49]}, {}, "greater than or equal to 1"),
        ({"by": "fields_of_view", "thermal": [110, 75], "visual": [62, 49]}, {"visual": None}, "visual and a thermal"),
        ({"by": "guess"}, {}, "fields_of_view"),
    ],
)
def test_what_lays_nothing_over_anything_is_refused(given: dict[str, Any], more: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        device(given, **more)
