"""In which way a region is measured."""

import pytest

from bus_schemas.settings import Roi, ThermographySettings
from edge.analysis.region_revision import region_revision

ROI = Roi(name="tank", coordinates=((4, 4), (12, 12)))
SETTINGS = ThermographySettings()
SHAPE = (24, 32)


@pytest.mark.parametrize(
    "changed",
    [
        {"coordinates": ((4, 4), (12, 13))},
        {"polygon": ((4, 4), (12, 4), (8, 12))},
        {"emissivity": 0.94},
        {"reflected_c": 10.0},
    ],
    ids=str,
)
def test_a_region_with_other_pixels_or_of_another_surface_is_measured_in_another_way(
    changed: dict[str, object],
) -> None:
    other = ROI.model_copy(update=changed)

    assert region_revision(other, SETTINGS, SHAPE) != region_revision(ROI, SETTINGS, SHAPE)


@pytest.mark.parametrize(
    "changed",
    [
        {"ambient_c": 10.0},
        {"reflected_c": 10.0},
        {"emissivity_formula": "legacy"},
        {"bad_pixel_filter": False},
        {"broken_pixels": ((5, 5),)},
    ],
    ids=str,
)
def test_with_other_corrections_every_region_is(changed: dict[str, object]) -> None:
    other = SETTINGS.model_copy(update=changed)

    assert region_revision(ROI, other, SHAPE) != region_revision(ROI, SETTINGS, SHAPE)


def test_at_a_sensor_of_another_size_it_is_too() -> None:
    assert region_revision(ROI, SETTINGS, (120, 160)) != region_revision(ROI, SETTINGS, SHAPE)


@pytest.mark.parametrize(
    "changed", [{"name": "lid"}, {"weight": 2.0}, {"group": "phases"}, {"enabled": False}], ids=str
)
def test_what_a_region_is_called_and_by_what_it_is_judged_do_not_count(changed: dict[str, object]) -> None:
    other = ROI.model_copy(update=changed)
    judged = SETTINGS.model_copy(update={"hot_spot_c": 60.0, "max_bad_pixels": 3, "temporal_filter": False})

    assert region_revision(other, judged, SHAPE) == region_revision(ROI, SETTINGS, SHAPE)


def test_a_region_is_measured_in_the_same_way_after_a_restart() -> None:
    assert region_revision(ROI, SETTINGS, SHAPE) == "8dac8932"
