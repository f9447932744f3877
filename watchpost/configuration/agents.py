"""Makes the settings of an agent from the configuration, of its own machine or of the hub."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from bus_schemas.complaints import refuse_duplicates
from bus_schemas.enrolment import MAX_NODE_DEVICES
from edge.agent.settings import DeviceParts, DeviceSettings, LinkSettings, NodeSettings
from edge.agent.source_settings import SettingsModel
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.sites import DeviceSection, SiteSection
from watchpost.configuration.yaml_loader import parse_text

SHOWN_AS = Path("configuration")
"""The name in errors of a configuration that is in no file."""


class AgentConfiguration(SettingsModel):
    """What the hub says of an agent. Secrets are not in it: they stay at the agent, as environment variables."""

    sites: tuple[SiteSection, ...] = Field(min_length=1, description="What it watches, as in `watchpost.yaml`.")
    link: LinkSettings = Field(default_factory=LinkSettings, description="How it sends, as in `nodes`.")
    comes_up_within_s: Annotated[float, Field(ge=5, le=3600)] = Field(
        default=60.0,
        description="How long a changed device has to give a picture or a reading; then the configuration is refused.",
    )

    @field_validator("sites")
    @classmethod
    def _its_own_devices(cls, sites: tuple[SiteSection, ...]) -> tuple[SiteSection, ...]:
        refuse_duplicates("site", [site.site for site in sites], "in the configuration")
        for site in sites:
            for device in site.devices:
                if device.node is not None or device.retention is not None:
                    raise ValueError(f"device '{device.device}': node and retention belong into the file of the hub")
        if not any(site.devices for site in sites):
            raise ValueError("it names no device")
        if (count := sum(max(1, len(site.devices)) for site in sites)) > MAX_NODE_DEVICES:
            raise ValueError(f"it names {count} devices and sites without one; an agent has at most {MAX_NODE_DEVICES}")
        return sites


def read_agent_configuration(text: str, name: Path = SHOWN_AS) -> AgentConfiguration:
    """Raises `ConfigError`, whose message has one line for each error."""
    return parse_text(AgentConfiguration, text, name)


def settings_of(node: str, configuration: AgentConfiguration) -> NodeSettings:
    devices = tuple(_device_settings(site, device) for site in configuration.sites for device in site.devices)
    return NodeSettings(node=node, devices=devices, **configuration.link.model_dump())


def node_settings(config: WatchpostConfig, node: str) -> NodeSettings:
    """The settings of the agent with this name."""
    link = next((link.model_dump(exclude={"node"}) for link in config.nodes if link.node == node), {})
    devices = tuple(_device_settings(site, device) for site, device in config.devices_by_node()[node])
    return NodeSettings(node=node, devices=devices, **link)


def _device_settings(site: SiteSection, device: DeviceSection) -> DeviceSettings:
    parts = {name: getattr(device, name) for name in DeviceParts.model_fields}
    return DeviceSettings(site=site.site, site_name=site.title, time_zone=site.time_zone, **parts)
