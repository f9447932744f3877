"""How the two sensors of a device lie over each other is said in the configuration."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from edge.agent.settings import DeviceSettings
from edge.analysis.alignment import Alignment

CORNERS = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
ON_A_LINE = [*([x / 10, x / 10] for x in range(1, 6)), [0.9, 0.1]]
"""Five on a line, and one beside it."""
SCENES = {"visual": {"kind": "scene", "scene": "visual"}, "thermal": {"kind": "scene", "scene": "thermal"}}


def device(given: dict[str, Any] | None, **more: Any) -> DeviceSettings:
    return DeviceSettings.model_validate({"site": "YARD", "device": "GATE", **SCENES, "alignment": given, **more})


def laid(settings: DeviceSettings, x: float, y: float) -> tuple[float, float]:
    """Where a place of the picture is in the thermal frame."""
    across, down, scale = Alignment.of(settings.adjustable().fusion.alignment).matrix @ np.array([x, y, 1.0])
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


def test_more_than_four_points_are_laid_as_well_as_can_be() -> None:
    measured = [[0.5 + (x - 0.5) / 2, 0.5 + (y - 0.5) / 2] for x, y in CORNERS]
    said = device({"by": "points", "visual": [*CORNERS, [0.5, 0.5]], "thermal": [*measured, [0.51, 0.5]]})

    assert laid(said, 0.5, 0.5) == pytest.approx((0.5, 0.5), abs=0.011)
    assert laid(said, 0.9, 0.9) == pytest.approx((0.7, 0.7), abs=0.011)


def test_an_alignment_may_stand_in_the_section_that_people_change_as_well() -> None:
    lenses = {"by": "fields_of_view", "thermal": [110, 75], "visual": [62, 49]}
    here = device(None, fusion={"alignment": lenses, "form": "edges"})

    assert here.adjustable().fusion.alignment == device(lenses).adjustable().fusion.alignment
    assert here.adjustable().fusion.form == "edges"


@pytest.mark.parametrize(
    ("given", "more", "why"),
    [
        ({"by": "points", "visual": CORNERS, "thermal": [[0.1, 0.1]] * 4}, {}, "three of the four points"),
        ({"by": "points", "visual": CORNERS, "thermal": CORNERS[:3]}, {}, "thermal"),
        ({"by": "points", "visual": [[2, 0], *CORNERS[1:]], "thermal": CORNERS}, {}, "less than or equal to 1"),
        ({"by": "fields_of_view", "thermal": [0, 75], "visual": [62, 49]}, {}, "greater than or equal to 1"),
        ({"by": "fields_of_view", "thermal": [110, 75], "visual": [62, 49]}, {"visual": None}, "visual and a thermal"),
        ({"by": "guess"}, {}, "fields_of_view"),
        ({"by": "points", "visual": CORNERS, "thermal": [*CORNERS, [0.5, 0.5]]}, {}, "visual has 4, thermal 5"),
        ({"by": "points", "visual": CORNERS, "thermal": [CORNERS[i] for i in (1, 0, 2, 3)]}, {}, "another order"),
        ({"by": "points", "visual": CORNERS, "thermal": [CORNERS[i] for i in (1, 0, 3, 2)]}, {}, "another order"),
        ({"by": "points", "visual": ON_A_LINE, "thermal": ON_A_LINE}, {}, "no three of them lie on one line"),
        (
            {"by": "fields_of_view", "thermal": [110, 75], "visual": [62, 49]},
            {"fusion": {"alignment": {"by": "points", "visual": CORNERS, "thermal": CORNERS}}},
            "either alignment or fusion.alignment",
        ),
        (None, {"fusion": {"thermal_share": 1.1}}, "less than or equal to 1"),
        (None, {"fusion": {"form": "holes"}}, "mixed"),
    ],
)
def test_what_lays_nothing_over_anything_is_refused(given: dict[str, Any], more: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        device(given, **more)
