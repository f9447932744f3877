"""Makes the settings of an agent from the configuration."""

from edge.agent.settings import DeviceParts, DeviceSettings, NodeSettings
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.sites import DeviceSection, SiteSection


def node_settings(config: WatchpostConfig, node: str) -> NodeSettings:
    """The settings of the agent with this name."""
    link = next((link.model_dump(exclude={"node"}) for link in config.nodes if link.node == node), {})
    devices = tuple(_device_settings(site, device) for site, device in config.devices_by_node()[node])
    return NodeSettings(node=node, devices=devices, **link)


def _device_settings(site: SiteSection, device: DeviceSection) -> DeviceSettings:
    parts = {name: getattr(device, name) for name in DeviceParts.model_fields}
    return DeviceSettings(site=site.site, site_name=site.title, time_zone=site.time_zone, **parts)
