"""A form is given the bounds that the server holds to."""

from gateway.routes.devices.settings_fields import fields


def test_every_number_of_the_settings_has_its_bounds_and_its_unit() -> None:
    known = {one.path: one for one in fields()}
    area, black, method = known["motion.min_area"], known["picture.black_percentage"], known["thermography.composite"]

    assert (area.minimum, area.maximum, area.unit, area.default) == (100, 10_000, "px", 500)
    assert (black.minimum, black.above, black.maximum, black.unit) == (None, 0, 100, "%")
    assert method.choices == ["weighted_average", "max", "average", "none"]
    assert (known["rois.weight"].above, known["rois.weight"].maximum) == (0, 1000)
    assert known["rois.thresholds.warning"].unit == "°C"
    assert known["thermography.ambient_c"].minimum == -90
    assert known["zones.max_people"].maximum == 10_000
    assert all(one.description for one in fields())
