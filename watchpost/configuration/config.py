"""The models of `watchpost.yaml`."""

from pathlib import Path

from pydantic import Field, field_validator

from bus_schemas.complaints import refuse_duplicates
from edge.agent.settings import Id, LinkSettings
from edge.agent.source_settings import SettingsModel
from watchpost.configuration.alerts import AlertsSection
from watchpost.configuration.broker import BrokerSection
from watchpost.configuration.gateway import GatewaySection
from watchpost.configuration.hub import HubSection
from watchpost.configuration.sites import DevicesByNode, SiteSection, devices_by_node, refuse_shared_sensor
from watchpost.configuration.yaml_loader import parse


class NodeSection(LinkSettings):
    """The link of one agent."""

    node: Id = Field(description="Its id, as devices name it; default that of their site.")


class WatchpostConfig(SettingsModel):
    """Everything, each process reading its part."""

    broker: BrokerSection = Field(default_factory=BrokerSection, description="MQTT.")
    hub: HubSection = Field(default_factory=HubSection, description="Journal, archive and views.")
    gateway: GatewaySection = Field(default_factory=GatewaySection, description="HTTP.")
    sites: tuple[SiteSection, ...] = Field(default=(), description="What is watched.")
    nodes: tuple[NodeSection, ...] = Field(default=(), description="Agents with a link that differs from the defaults.")
    alerts: AlertsSection = Field(default_factory=AlertsSection, description="When people are alerted, and how.")
    triggers: tuple[str, ...] = Field(
        default=("UNAUTHORIZED_STRANGER", "RESTRICTED_ACCESS", "CROWD_VIOLATION"),
        description="Always shown on the dashboard, also with a count of 0.",
    )

    @field_validator("sites")
    @classmethod
    def _once_each(cls, sites: tuple[SiteSection, ...]) -> tuple[SiteSection, ...]:
        refuse_duplicates("site", [site.site for site in sites], "in the configuration")
        for devices in devices_by_node(sites).values():
            refuse_shared_sensor(devices)
        return sites

    @field_validator("nodes")
    @classmethod
    def _one_link_each(cls, nodes: tuple[NodeSection, ...]) -> tuple[NodeSection, ...]:
        refuse_duplicates("node", [node.node for node in nodes], "in the configuration")
        return nodes

    @field_validator("triggers")
    @classmethod
    def _no_reserved_name(cls, triggers: tuple[str, ...]) -> tuple[str, ...]:
        if "total_events" in triggers:
            raise ValueError("'total_events' is the name of the total")
        return triggers

    def devices_by_node(self) -> DevicesByNode:
        """The devices that each agent process runs."""
        return devices_by_node(self.sites)


def load(path: Path) -> WatchpostConfig:
    """ConfigError says what is wrong, with file, line and key."""
    return parse(WatchpostConfig, path)
