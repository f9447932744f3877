"""The section `sites`: sites and their devices."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from bus_schemas.complaints import refuse_duplicates
from edge.agent.settings import DeviceParts, Id
from edge.agent.source_settings import SettingsModel
from watchpost.configuration.retention import DeviceRetentionSection


class DeviceSection(DeviceParts):
    """A device, and which agent runs it."""

    node: Id | None = Field(default=None, description="The agent process that runs it; default one for the whole site.")
    retention: DeviceRetentionSection | None = Field(
        default=None, description="How long its media are kept, where that differs from those of the hub."
    )


class SiteSection(SettingsModel):
    """A place with a time zone of its own."""

    site: Id = Field(description="Its id, for ever: it is part of every key and topic.")
    name: str | None = Field(default=None, description="What people read; default the id.")
    time_zone: str = Field(
        default="UTC", description="IANA zone, as Europe/Berlin: the days and hours that people see."
    )
    devices: tuple[DeviceSection, ...] = Field(default=(), description="What watches it.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"'{name}' is no IANA time zone; write it as Europe/Berlin") from error
        return name

    @field_validator("devices")
    @classmethod
    def _once_each(cls, devices: tuple[DeviceSection, ...]) -> tuple[DeviceSection, ...]:
        refuse_duplicates("device", [device.device for device in devices], "in one site")
        return devices

    @property
    def title(self) -> str:
        return self.name or self.site
