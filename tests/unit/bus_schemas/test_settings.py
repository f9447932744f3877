"""Settings: one definition, what of it is refused, and what of a settings event can be used."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from bus_schemas.complaints import summary
from bus_schemas.node import Settings
from bus_schemas.roi_sets import ROI_SETS
from bus_schemas.settings import (
    FULL_FRAME,
    MAX_AREAS,
    MAX_CORNERS_OF_DEVICE,
    MAX_POLYGON_CORNERS_OF_DEVICE,
    AdjustableSettings,
    MotionSettings,
    Roi,
    SettingsChange,
    Thresholds,
    read_sections,
)

ROI = {"name": "tank", "coordinates": [[8, 8], [24, 16]]}
TRIANGLE = [[0, 0], [1, 0], [1, 1]]


def refusal(change: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        SettingsChange.model_validate_json(json.dumps(change))
    return summary(refused.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, "name at least one section"),
        ({"lamp": {"on": True}}, "lamp: is not known here"),
        ({"motion": None}, "motion: Input should be an object"),
        ({"motion": {"min_area": 99}}, "motion.min_area: Input should be greater than or equal to 100"),
        ({"motion": {"min_area": 10_001}}, "motion.min_area: Input should be less than or equal to 10000"),
        ({"motion": {"min_area": True}}, "motion.min_area: Input should be a valid integer"),
        ({"motion": {"min_area": "700"}}, "motion.min_area: Input should be a valid integer"),
        ({"motion": {"sensitivity": 101}}, "motion.sensitivity: Input should be less than or equal to 100"),
        ({"picture": {"freeze_seconds": 3601}}, "picture.freeze_seconds"),
        ({"picture": {"freeze_seconds": "2"}}, "picture.freeze_seconds: Input should be a valid number"),
        ({"picture": {"black_percentage": 0}}, "picture.black_percentage: Input should be greater than 0"),
        ({"thermography": {"composite": "middle"}}, "thermography.composite"),
        ({"thermography": {"filtered": 1}}, "thermography.filtered: Input should be a valid boolean"),
        ({"recording": {"pre_roll_s": -1}}, "recording.pre_roll_s"),
        ({"zones": [{"name": "a", "points": TRIANGLE, "max_people": 10_001}]}, "zones.0.max_people"),
        ({"zones": [{"name": "a", "points": [[0, 0], [0.5, 0.5], [1, 1]]}]}, "zones.0: 'a' has no area"),
        ({"zones": [{"name": "a", "points": TRIANGLE}] * 2}, "zones: zone 'a' stands twice"),
        ({"rois": [ROI, ROI]}, "rois: ROI 'tank' stands twice"),
        ({"rois": [{**ROI, "name": "  "}]}, "rois.0.name: a name needs something to read"),
        ({"rois": [{**ROI, "name": "x" * 65}]}, "rois.0.name: String should have at most 64 characters"),
        ({"rois": [{**ROI, "coordinates": [[8, 8], [8, 16]]}]}, "rois.0: 'tank' has no area"),
        ({"rois": [{**ROI, "coordinates": [[0, 0], [33, 24]]}]}, "rois.0.coordinates.1.0"),
        ({"rois": [{**ROI, "coordinates": [[0.5, 0], [8, 8]]}]}, "rois.0.coordinates.0.0"),
        ({"rois": [{**ROI, "coordinates": "abc"}]}, "rois.0.coordinates: Input should be a list"),
        (
            {"rois": [{**ROI, "coordinates": [[2, 2], [6, 6]], "polygon": [[2, 2], [6, 2], [6, 7.5]]}]},
            "rois.0: the coordinates of 'tank' are not those around its polygon: write [[2, 2], [6, 8]], not [[2, 2],",
        ),
        ({"rois": [{**ROI, "polygon": [[2, 2], [4, 4], [6, 6]]}]}, "rois.0: the polygon of 'tank' has no area"),
        ({"rois": [{**ROI, "polygon": [[2, 2], [6, 6]]}]}, "rois.0.polygon: Input should have at least 3"),
        ({"rois": [{**ROI, "polygon": [[2, 2], [33, 2], [6, 6]]}]}, "rois.0.polygon.1.0: Input should be less than"),
        ({"rois": [{**ROI, "polygon": [[2, 2], [6, 2], [6, float("nan")]]}]}, "rois.0.polygon.2.1"),
        ({"rois": [{**ROI, "weight": 0}]}, "rois.0.weight"),
        ({"rois": [{**ROI, "weight": 1001}]}, "rois.0.weight"),
        ({"rois": [{**ROI, "emissivity": 0.05}]}, "rois.0.emissivity"),
        ({"rois": [{**ROI, "thresholds": {"warning": 90}}]}, "rois.0.thresholds: thresholds must rise"),
        (
            {"rois": [{"name": f"r{n}", **ROI} for n in range(MAX_AREAS + 1)]},
            "rois: Input should have at most 64 items",
        ),
    ],
)
def test_what_nobody_can_mean_is_refused_with_a_sentence(change: Any, says: str) -> None:
    assert says in refusal(change)


@pytest.mark.parametrize("area", [100, 500, 10_000])
def test_the_smallest_area_of_motion_is_from_a_hundred_to_ten_thousand(area: int) -> None:
    assert SettingsChange.model_validate({"motion": {"min_area": area}}).motion.min_area == area


def test_a_change_names_whole_sections_and_the_others_stay() -> None:
    before = AdjustableSettings(rois=(Roi.model_validate(ROI),), motion=MotionSettings(sensitivity=10))
    change = SettingsChange.model_validate({"motion": {"min_area": 700}})
    after = change.applied_to(before)

    assert change.sections() == {"motion": MotionSettings(min_area=700).model_dump()}
    assert after.rois == before.rois
    assert after.motion == MotionSettings(min_area=700)


OF_0_1_0 = {"name", "enabled", "coordinates", "visual_coordinates", "weight", "emissivity", "thresholds"}
"""What release 0.1.0 knows of a region."""
NOTHING: dict[str, Any] = {
    "polygon": None,
    "reflected_c": None,
    "group": None,
    "visual_coordinates": None,
    "limits": {},
}


def test_a_device_of_an_older_release_takes_a_region_that_says_nothing_of_what_is_newer() -> None:
    change = SettingsChange.model_validate({"rois": [{**ROI, **NOTHING}]})

    assert set(change.request()["rois"][0]) <= OF_0_1_0


@pytest.mark.parametrize(
    "sections",
    [
        {"rois": [{**ROI, **NOTHING}, {**ROI, "name": "b", "group": "c", "limits": {"above_group_c": 15.0}}]},
        {"rois": []},
        {"thermography": {"ambient_c": None, "filtered": False}},
        {"thermography": {"broken_pixels": [[3, 4]]}, "motion": {"min_area": 700}, "night": {}},
        {"fusion": {"alignment": {"by": "fields_of_view", "thermal": [110, 75], "visual": [62, 49]}}},
    ],
    ids=str,
)
def test_a_device_reads_of_a_request_what_was_wanted(sections: dict[str, Any]) -> None:
    change = SettingsChange.model_validate_json(json.dumps(sections))

    assert SettingsChange.model_validate_json(json.dumps(change.request())) == change


def test_a_section_of_an_event_that_does_not_fit_is_set_aside_alone_and_a_foreign_one_is_handed_on() -> None:
    read = read_sections({"motion": {"min_area": 50}, "rois": [ROI], "lamp": {"on": True}})

    assert read.known == {"rois": (Roi.model_validate(ROI),)}
    assert read.other == {"lamp": {"on": True}}
    assert read.set_aside == {"motion": "motion.min_area: Input should be greater than or equal to 100"}


def test_the_largest_settings_of_a_device_fit_into_an_event() -> None:
    corners = MAX_CORNERS_OF_DEVICE // MAX_AREAS
    points = [*TRIANGLE, *([0.123456789012345, 0.123456789012345] for _ in range(corners - len(TRIANGLE)))]
    zones = [{"name": f"{n:064}", "points": points, "restricted": True, "max_people": 10_000} for n in range(MAX_AREAS)]
    corner = [0.123456789012345, 0.123456789012345]
    polygon = [[0, 0], [32, 0], [32, 24], *([corner] * (MAX_POLYGON_CORNERS_OF_DEVICE // MAX_AREAS - 3))]
    rois = [
        {
            **ROI, "name": f"{n:064}", "visual_coordinates": [[0, 0], [1, 1]], "coordinates": [[0, 0], [32, 24]],
            "polygon": polygon,
        }
        for n in range(MAX_AREAS)
    ]  # fmt: skip
    largest = AdjustableSettings.model_validate({"zones": zones, "rois": rois})

    reported = Settings(changed_by="Ada", settings=largest.model_dump(mode="json"))

    assert read_sections(reported.settings).applied_to(AdjustableSettings()) == largest
    one_more = [*zones[1:], {**zones[0], "points": [*points, *points]}]
    assert "at most 2000" in refusal({"zones": one_more})
    many = {**rois[0], "polygon": [*polygon, corner]}
    assert "at most 512" in refusal({"rois": [many, *rois[1:]]})


def test_without_regions_the_full_frame_is_measured() -> None:
    assert AdjustableSettings().measured_rois == (FULL_FRAME,)


@pytest.mark.parametrize(
    ("temperature", "level"),
    [(74.9, "normal"), (75, "warning"), (84.9, "warning"), (85, "critical"), (95, "emergency"), (300, "emergency")],
)
def test_a_threshold_that_is_reached_counts_and_the_highest_wins(temperature: float, level: str) -> None:
    assert Thresholds().level(temperature) == level


def test_known_sets_have_their_regions() -> None:
    substation = {roi.name: roi for roi in ROI_SETS["substation"]}

    assert {name: len(rois) for name, rois in ROI_SETS.items()} == {
        "distribution_pad_mount": 4,
        "pole_mounted": 3,
        "substation": 5,
    }
    assert substation["lv_bushing"] == Roi(
        name="lv_bushing",
        coordinates=((18, 0), (28, 8)),
        weight=1.8,
        emissivity=0.2,
        thresholds=Thresholds(warning=85, critical=95, emergency=105),
    )
