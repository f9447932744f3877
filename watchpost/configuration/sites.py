"""The section `sites`: sites and their devices."""

from collections.abc import Iterable

from pydantic import Field, field_validator

from bus_schemas.complaints import refuse_duplicates
from bus_schemas.registry import DisplayName, ZoneName
from edge.agent.settings import DeviceParts, Id, OwnId
from edge.agent.source_settings import Mlx90640SourceSettings, SettingsModel
from producer.times import zone_named
from watchpost.configuration.retention import DeviceRetentionSection


class DeviceSection(DeviceParts):
    """A device, and which agent runs it."""

    node: Id | None = Field(default=None, description="The agent process that runs it; default one for the whole site.")
    retention: DeviceRetentionSection | None = Field(
        default=None, description="How long its media are kept, where that differs from those of the hub."
    )


class SiteSection(SettingsModel):
    """A place with a time zone of its own."""

    site: OwnId = Field(description="Its id, for ever: it is part of every key and topic.")
    name: DisplayName | None = Field(default=None, description="What people read; default the id.")
    time_zone: ZoneName = Field(
        default="UTC", description="IANA zone, as Europe/Berlin: the days and hours that people see."
    )
    devices: tuple[DeviceSection, ...] = Field(default=(), description="What watches it.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        zone_named(name)
        return name

    @field_validator("devices")
    @classmethod
    def _once_each(cls, devices: tuple[DeviceSection, ...]) -> tuple[DeviceSection, ...]:
        refuse_duplicates("device", [device.device for device in devices], "in one site")
        return devices

    @property
    def title(self) -> str:
        return self.name or self.site


DevicesByNode = dict[str, list[tuple[SiteSection, DeviceSection]]]


def devices_by_node(sites: Iterable[SiteSection]) -> DevicesByNode:
    """The devices that each agent process runs."""
    nodes: DevicesByNode = {}
    for site in sites:
        for device in site.devices:
            nodes.setdefault(device.node or site.site, []).append((site, device))
    return nodes


def refuse_shared_sensor(devices: Iterable[tuple[SiteSection, DeviceSection]]) -> None:
    """Two devices of an agent may not read the MLX90640 of its bus, which has one address: each would take half frames
    that the other waits for. Raises `ValueError`.
    """
    same = [
        f"{site.site}/{device.device}" for site, device in devices if isinstance(device.thermal, Mlx90640SourceSettings)
    ]
    if len(same) > 1:
        raise ValueError(f"{same[0]} and {same[1]} read the same MLX90640: an agent has one, at its I2C bus")
