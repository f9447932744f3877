"""When it is night for a device, and how its pictures are judged then."""

from datetime import UTC, datetime
from math import asin, atan2, cos, degrees, radians, sin
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from bus_schemas.recording_settings import ScheduleWindow, TimeOfDay
from bus_schemas.setting_types import Number, Section, Switch, Whole, unit

SUNSET_DEGREES: Final = -0.833
"""The height of the middle of the sun when its upper edge is at the horizon."""
_J2000: Final = datetime(2000, 1, 1, 12, tzinfo=UTC)


Percent = Annotated[Number, Field(ge=0, le=100, json_schema_extra=unit("%"))]


class CameraControls(Section):
    """Controls of a camera at the machine of its agent, in percent of what its driver takes; what is left out stays as
    it is by day.
    """

    brightness: Percent | None = Field(default=None, description="Of the picture.")
    gain: Percent | None = Field(default=None, description="Of the sensor.")
    exposure: Percent | None = Field(default=None, description="How long each picture is exposed, set by hand.")
    infrared_filter: Switch | None = Field(
        default=None, description="Whether infrared is held back; off shows more where infrared lamps are."
    )

    @property
    def asks(self) -> bool:
        """Whether anything is to be set."""
        return any(value is not None for _, value in self)


class NightSettings(Section):
    """At night cameras see noise, lamps and insects, and a dark picture is not a fault."""

    mode: Literal["never", "always", "hours", "sun"] = Field(
        default="never", description="When it is night: by the clock of the site, or from sunset to sunrise."
    )
    start: TimeOfDay = Field(default="20:00", description="HH:MM, where it goes by hours.")
    end: TimeOfDay = Field(default="06:00", description="HH:MM, which is just outside.")
    latitude: Annotated[Number, Field(ge=-90, le=90, json_schema_extra=unit("°"))] | None = Field(
        default=None, description="Of the camera, north is positive; needed where it goes by the sun."
    )
    longitude: Annotated[Number, Field(ge=-180, le=180, json_schema_extra=unit("°"))] | None = Field(
        default=None, description="East is positive."
    )
    sensitivity: Annotated[Whole, Field(ge=0, le=100)] = Field(
        default=10, description="Of motion at night, in place of that of the day."
    )
    black_percentage: Annotated[Number, Field(gt=0, le=100, json_schema_extra=unit("%"))] = Field(
        default=99.5, description="Share of dark pixels at which a picture is called black at night."
    )
    controls: CameraControls = Field(
        default=CameraControls(), description="What a camera at the machine of its agent does differently at night."
    )

    @model_validator(mode="after")
    def _knows_its_sun(self) -> Self:
        if self.mode == "sun" and (self.latitude is None or self.longitude is None):
            raise ValueError("the mode sun needs latitude and longitude")
        return self

    def is_night(self, local: datetime) -> bool:
        """At a moment in the zone of the site."""
        if self.mode == "hours":
            return ScheduleWindow(start=self.start, end=self.end).contains(local)
        if self.mode == "sun" and self.latitude is not None and self.longitude is not None:
            return sun_elevation(local, self.latitude, self.longitude) < SUNSET_DEGREES
        return self.mode == "always"


def sun_elevation(moment: datetime, latitude: float, longitude: float) -> float:
    """Degrees above the horizon, by the short formulas of the Astronomical Almanac: right within 0.1 degrees."""
    days = (moment - _J2000).total_seconds() / 86_400
    anomaly = radians(357.528 + 0.9856003 * days)
    ecliptic = radians(280.460 + 0.9856474 * days + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    obliquity = radians(23.439 - 0.0000004 * days)
    declination = asin(sin(obliquity) * sin(ecliptic))
    ascension = atan2(cos(obliquity) * sin(ecliptic), cos(ecliptic))
    sidereal = radians((280.46062 + 360.98564737 * days + longitude) % 360)
    north = radians(latitude)
    height = sin(north) * sin(declination) + cos(north) * cos(declination) * cos(sidereal - ascension)
    return degrees(asin(max(-1.0, min(1.0, height))))
