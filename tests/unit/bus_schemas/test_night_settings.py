"""Night by hours, and by the sun."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from bus_schemas.night_settings import NightSettings
from bus_schemas.settings import AdjustableSettings, MotionSettings, PictureSettings

BERLIN = {"mode": "sun", "latitude": 52.52, "longitude": 13.405}
SYDNEY = {"mode": "sun", "latitude": -33.87, "longitude": 151.21}


@pytest.mark.parametrize(
    ("place", "zone", "rise", "set_"),
    [
        (BERLIN, "Europe/Berlin", "2026-06-21T04:43", "2026-06-21T21:33"),
        (BERLIN, "Europe/Berlin", "2026-12-21T08:15", "2026-12-21T15:54"),
        (SYDNEY, "Australia/Sydney", "2026-06-21T07:00", "2026-06-21T16:54"),
    ],
)
def test_night_ends_when_the_sun_rises_and_begins_when_it_sets(
    place: dict[str, object], zone: str, rise: str, set_: str
) -> None:
    night = NightSettings.model_validate(place)

    def dark(moment: str, minutes: int) -> bool:
        at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone))
        return night.is_night(at.replace(minute=(at.minute + minutes) % 60, hour=at.hour + (at.minute + minutes) // 60))

    assert [dark(rise, minutes) for minutes in (-4, 4)] == [True, False]
    assert [dark(set_, minutes) for minutes in (-4, 4)] == [False, True]


def test_beyond_the_polar_circle_there_are_days_without_a_night() -> None:
    night = NightSettings(mode="sun", latitude=78.2, longitude=15.6)
    zone = ZoneInfo("Arctic/Longyearbyen")

    assert not any(night.is_night(datetime(2026, 6, 21, hour, tzinfo=zone)) for hour in range(24))
    assert all(night.is_night(datetime(2026, 12, 21, hour, tzinfo=zone)) for hour in range(24))


def test_hours_go_over_midnight() -> None:
    night = NightSettings(mode="hours", start="22:00", end="05:30")
    zone = ZoneInfo("Europe/Berlin")

    assert [night.is_night(datetime(2026, 1, 5, hour, 30, tzinfo=zone)) for hour in (4, 5, 21, 22)] == [
        True, False, False, True,
    ]  # fmt: skip


def test_at_night_pictures_are_judged_otherwise() -> None:
    settings = AdjustableSettings(
        motion=MotionSettings(sensitivity=60, min_area=900),
        picture=PictureSettings(freeze_seconds=7),
        night=NightSettings(mode="hours", sensitivity=5, black_percentage=99.9),
    )
    zone = ZoneInfo("UTC")
    day, night = settings.at(datetime(2026, 1, 5, 12, tzinfo=zone)), settings.at(datetime(2026, 1, 5, 23, tzinfo=zone))

    assert day is settings
    assert (night.motion.sensitivity, night.motion.min_area) == (5, 900)
    assert (night.picture.black_percentage, night.picture.freeze_seconds) == (99.9, 7)


def test_without_a_place_there_is_no_sun() -> None:
    with pytest.raises(ValidationError, match="needs latitude and longitude"):
        NightSettings(mode="sun", latitude=10.0)
