"""Regions of interest and what is refused as one."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.analysis.roi import ROI_SETS, InvalidRoi, Roi, Thresholds, corners_from_visual, roi_from, rois_from


def entry(**changes: Any) -> dict[str, Any]:
    return {"name": "tank", "coordinates": [[8, 8], [24, 16]], **changes}


def test_a_region_has_defaults() -> None:
    assert roi_from(entry()) == Roi("tank", ((8, 8), (24, 16)), 1.0, 0.95, Thresholds(75, 85, 95), enabled=True)


@pytest.mark.parametrize(
    "wrong",
    [
        entry(name=""),
        entry(name="  "),
        entry(coordinates=[[8, 8], [8, 16]]),
        entry(coordinates=[[24, 8], [8, 16]]),
        entry(coordinates=[[-1, 0], [8, 16]]),
        entry(coordinates=[[0, 0], [33, 24]]),
        entry(coordinates="abc"),
        entry(coordinates=[[0, 0]]),
        entry(coordinates=[[0.5, 0], [8, 8]]),
        entry(coordinates=[[float("nan"), 0], [8, 8]]),
        entry(coordinates=None),
        {"name": "tank"},
        entry(emissivity=0.05),
        entry(emissivity=1.2),
        entry(emissivity="shiny"),
        entry(weight=0),
        entry(weight=float("nan")),
        entry(thresholds={"warning": 90, "critical": 85, "emergency": 95}),
        entry(thresholds={"warm": 90}),
    ],
)
def test_d4_05_what_is_no_region_is_refused_with_its_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRoi):
        roi_from(wrong)


def test_d4_05_a_set_with_one_bad_region_is_refused_as_a_whole() -> None:
    with pytest.raises(InvalidRoi, match="'tank'"):
        rois_from([entry(name="core"), entry(weight=-1)])


def test_a_name_is_given_once() -> None:
    with pytest.raises(InvalidRoi, match="more than once"):
        rois_from([entry(), entry()])


@pytest.mark.parametrize(
    ("temperature", "level"),
    [(74.9, "normal"), (75, "warning"), (84.9, "warning"), (85, "critical"), (95, "emergency"), (300, "emergency")],
)
def test_a_threshold_that_is_reached_counts_and_the_highest_wins(temperature: float, level: str) -> None:
    assert Thresholds().level(temperature) == level


def test_d4_22_corners_of_a_picture_are_widened_to_whole_thermal_pixels() -> None:
    assert corners_from_visual([(960, 540), (1919, 1079)]) == ((16, 12), (32, 24))
    assert corners_from_visual([(100, 100), (50, 40)]) == ((0, 0), (2, 3))


@given(st.tuples(*[st.floats(0, 1) for _ in range(4)]))
def test_d4_22_every_box_drawn_in_the_picture_is_a_region_that_covers_it(box: tuple[float, ...]) -> None:
    x1, x2 = sorted((box[0] * 1900, box[1] * 1900))
    y1, y2 = sorted((box[2] * 1060, box[3] * 1060))
    (left, top), (right, bottom) = corners_from_visual([(x1, y1), (x2 + 20, y2 + 20)])

    assert 0 <= left <= x1 / 60 < right <= 32
    assert 0 <= top <= y1 / 45 < bottom <= 24


def test_known_sets_have_their_regions() -> None:
    substation = {roi.name: roi for roi in ROI_SETS["substation"]}

    assert {name: len(rois) for name, rois in ROI_SETS.items()} == {
        "distribution_pad_mount": 4,
        "pole_mounted": 3,
        "substation": 5,
    }
    assert substation["lv_bushing"] == Roi("lv_bushing", ((18, 0), (28, 8)), 1.8, 0.2, Thresholds(85, 95, 105))


def test_a_set_as_json_is_read_back() -> None:
    text = json.dumps([entry(thresholds={"warning": 60, "critical": 70, "emergency": 80})])

    assert rois_from(json.loads(text))[0].thresholds == Thresholds(60, 70, 80)
