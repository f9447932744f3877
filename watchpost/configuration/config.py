"""The models of `watchpost.yaml`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from bus_schemas.complaints import refuse_duplicates
from consumers.hub_config import (
    BYTES_KEPT,
    CLEANUP_TARGET_PERCENT,
    CLEANUP_THRESHOLD_PERCENT,
    EVIDENCE_DAYS_KEPT,
    EXPORT_DAYS_KEPT,
    EXPORTS_WAITING,
    EXPORTS_WAITING_PER_PERSON,
    JOURNAL_DAYS_KEPT,
    MEDIA_CHECK_DAYS,
)
from edge.agent.settings import Id, LinkSettings
from edge.agent.source_settings import EnvName, SettingsModel
from producer.loopback import is_loopback
from watchpost.configuration.alerts import AlertsSection
from watchpost.configuration.cold_storage import ColdStorageSection
from watchpost.configuration.gateway import GatewaySection, Port
from watchpost.configuration.host import Host
from watchpost.configuration.mosaic import MosaicSection
from watchpost.configuration.retention import RetentionSection
from watchpost.configuration.sites import DeviceSection, SiteSection
from watchpost.configuration.tile_bucket import TileBucketSection
from watchpost.configuration.yaml_loader import ConfigError, parse


class TlsSection(SettingsModel):
    """TLS of the connection to the broker."""

    ca_file: Path | None = Field(
        default=None, description="The authority of the broker's certificate; default those of the system."
    )
    certificate_file: Path | None = Field(
        default=None, description="The client certificate, if the broker asks for one."
    )
    key_file: Path | None = Field(default=None, description="Its key.")


class AgentsSection(SettingsModel):
    """Agents of other machines, which are enrolled with a one-time code: a listener with TLS, passwords and an access
    list of its own at the broker that is started here, or that of a broker elsewhere.
    """

    host: Host = Field(default="0.0.0.0", description="Where the broker that is started here listens for them.")  # noqa: S104 - agents are on other machines
    port: Annotated[int, Field(ge=1, le=65535)] = Field(default=8884, description="Where agents connect.")
    names: tuple[Host, ...] = Field(
        default=(),
        max_length=50,
        description="Names and addresses by which agents reach this machine, beside those that it knows itself; they"
        " stand in the certificate.",
    )
    reached_at: Host | None = Field(
        default=None, description="Where agents find the broker; default where they found the hub."
    )
    directory: Path | None = Field(
        default=None,
        description="Where a broker that runs elsewhere reads `passwords` and `acl` of enrolled agents.",
    )
    ca_file: Path | None = Field(
        default=None, description="The authority that agents trust, of a broker that runs elsewhere."
    )


class BrokerSection(SettingsModel):
    """The MQTT broker that everything goes through."""

    start: bool = Field(
        default=True, description="Whether `watchpost up` runs a mosquitto here; false when a broker runs elsewhere."
    )
    host: Host = Field(default="127.0.0.1", description="Where the broker is, or listens when it is started here.")
    port: Port = Field(
        default=11883, description="0 takes a free one. Not 1883: a mosquitto installed by Debian sits there."
    )
    tls: TlsSection | None = Field(default=None, description="If given, even empty, the connection uses TLS.")
    username: str | None = Field(default=None, description="As in the broker's password file.")
    password_env: EnvName | None = Field(default=None, description="The environment variable that holds the password.")
    password_file: Path | None = Field(default=None, description="Or the file that holds it.")
    agents: AgentsSection | None = Field(
        default=None, description="If given, even empty, agents of other machines can be enrolled."
    )

    @model_validator(mode="after")
    def _users_of_agents(self) -> "BrokerSection":
        agents = self.agents
        if agents is None:
            return self
        if self.start and (agents.directory or agents.ca_file):
            raise ValueError(
                "the broker that is started here makes its own certificate and users: agents.directory and"
                " agents.ca_file are for one that runs elsewhere"
            )
        if not self.start and agents.directory is None:
            raise ValueError("say with agents.directory where the broker that runs elsewhere reads its users")
        if self.start and agents.port == self.port:
            raise ValueError(f"agents.port {agents.port} is that of the broker itself")
        return self

    @model_validator(mode="after")
    def _ours_is_here(self) -> "BrokerSection":
        if self.start and not is_loopback(self.host):
            raise ValueError(
                f"the broker that is started here listens on loopback only; for '{self.host}' say start: false"
            )
        if self.start and (self.tls or self.username):
            raise ValueError(
                "the broker that is started here needs no tls and no username; for another say start: false"
            )
        return self


class EmbeddedWarehouse(SettingsModel):
    """Rows are kept by the process of the gateway, in the data directory."""

    kind: Literal["chdb"] = Field(default="chdb", description="ClickHouse in process; needs nothing else.")


class ClickHouseSection(SettingsModel):
    """A ClickHouse server."""

    kind: Literal["clickhouse"] = Field(description="A server, over its native protocol.")
    host: Host = Field(default="127.0.0.1", description="Where the server is.")
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None, description="Default 9000, and 9440 where it is secure."
    )
    user: str = Field(default="default", description="Who may create and drop databases and tables there.")
    password_env: EnvName | None = Field(default=None, description="The environment variable that holds the password.")
    secure: bool = Field(default=False, description="TLS, with a certificate of an authority that the system knows.")


class ServerWarehouse(ClickHouseSection):
    """Rows are kept by a ClickHouse server, and written by a process of its own."""

    database: str = Field(
        default="warehouse",
        description="A name for this hub alone: rows are in databases of this name with `_1`, `_2` … after it.",
    )

    @field_validator("database")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or re.search(r"_\d+$", name):
            raise ValueError(f"'{name}' is no name here: small letters, digits and _, and no number after the last _")
        return name


class FileJournal(SettingsModel):
    """The journal is in files in the data directory, which the processes of one machine can read."""

    kind: Literal["sqlite"] = Field(default="sqlite", description="One file a day; needs nothing else.")


class ServerJournal(ClickHouseSection):
    """The journal is on a ClickHouse server, which processes of other machines can read too."""

    database: str = Field(default="watchpost_journal", description="A name for the journal of this hub alone.")

    @field_validator("database")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"'{name}' is no name here: small letters, digits and _, a letter first")
        return name


class HubSection(SettingsModel):
    """What the hub keeps, and how long."""

    retention_hours: RetentionSection = Field(default_factory=RetentionSection, description="For each kind of media.")
    segment_bytes: PositiveInt = Field(
        default=BYTES_KEPT,
        description="Bytes of recorded video; beyond them goes the oldest of devices above their equal share.",
    )
    journal_days: PositiveInt = Field(
        default=JOURNAL_DAYS_KEPT, description="Days that the journal keeps; older ones cannot be rebuilt."
    )
    journal_bytes: PositiveInt = Field(
        default=BYTES_KEPT,
        description="Bytes of the journal; the oldest days go beyond them, but never the last two.",
    )
    evidence_days: PositiveInt = Field(
        default=EVIDENCE_DAYS_KEPT,
        description="Days that the first, the last and some other pictures of an incident are kept.",
    )
    media_check_days: Annotated[float, Field(ge=0, le=3660)] = Field(
        default=MEDIA_CHECK_DAYS,
        description="Days between two checks of all media, within `cold_storage.hours`; lost media are taken out of the"
        " views. 0 for never.",
    )
    export_days: PositiveInt = Field(default=EXPORT_DAYS_KEPT, description="Days that the files of an export are kept.")
    export_bytes: PositiveInt = Field(
        default=BYTES_KEPT, description="Bytes of all exports together; the oldest go beyond them."
    )
    exports_waiting: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=EXPORTS_WAITING, description="Exports that may wait at a time; more are refused."
    )
    exports_waiting_per_person: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=EXPORTS_WAITING_PER_PERSON, description="Of them, those that one person may have asked for."
    )
    cleanup_threshold_percent: Annotated[float, Field(gt=0, le=100)] = Field(
        default=CLEANUP_THRESHOLD_PERCENT,
        description="Use of the disk from which the oldest media go before their time.",
    )
    cleanup_target_percent: Annotated[float, Field(gt=0, le=100)] = Field(
        default=CLEANUP_TARGET_PERCENT, description="Use of the disk at which that ends."
    )
    journal: Annotated[FileJournal | ServerJournal, Field(discriminator="kind")] = Field(
        default_factory=FileJournal, description="Where the log of all events is."
    )
    warehouse: Annotated[EmbeddedWarehouse | ServerWarehouse, Field(discriminator="kind")] = Field(
        default_factory=EmbeddedWarehouse, description="Where the rows of the dashboards are."
    )

    tile_bucket: TileBucketSection | None = Field(
        default=None,
        description="A bucket from which the minute tiles are read without the hub; default none.",
    )
    mosaic: MosaicSection = Field(default_factory=MosaicSection, description="The picture of each minute.")
    cold_storage: ColdStorageSection | None = Field(
        default=None, description="A bucket for media that are kept longer than the disk keeps them; default none."
    )

    @model_validator(mode="after")
    def _something_goes_to_the_bucket(self) -> "HubSection":
        cold = self.cold_storage
        longest = max(getattr(self.retention_hours, kind) for kind in RetentionSection.model_fields)
        if cold is not None and cold.copies == 1 and longest <= cold.keep_hot_hours:
            raise ValueError(
                f"retention_hours keeps nothing longer than cold_storage.keep_hot_hours ({cold.keep_hot_hours:g}):"
                " nothing would go to the bucket"
            )
        return self

    @model_validator(mode="after")
    def _target_below_threshold(self) -> "HubSection":
        if self.cleanup_target_percent >= self.cleanup_threshold_percent:
            raise ValueError(
                f"cleanup_target_percent ({self.cleanup_target_percent}) must be below"
                f" cleanup_threshold_percent ({self.cleanup_threshold_percent})"
            )
        return self


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
        return sites

    @field_validator("triggers")
    @classmethod
    def _no_reserved_name(cls, triggers: tuple[str, ...]) -> tuple[str, ...]:
        if "total_events" in triggers:
            raise ValueError("'total_events' is the name of the total")
        return triggers

    def devices_by_node(self) -> dict[str, list[tuple[SiteSection, DeviceSection]]]:
        """The devices that each agent process runs."""
        nodes: dict[str, list[tuple[SiteSection, DeviceSection]]] = {}
        for site in self.sites:
            for device in site.devices:
                nodes.setdefault(device.node or site.site, []).append((site, device))
        return nodes


def load(path: Path) -> WatchpostConfig:
    """ConfigError says what is wrong, with file, line and key."""
    return parse(WatchpostConfig, path)


def secret(environ: Mapping[str, str], env: str | None, file: Path | None = None) -> str | None:
    """The secret that a configuration names; None when it names none."""
    if env is not None:
        if not environ.get(env):
            raise ConfigError(f"the environment variable {env}, which the configuration names, is not set")
        return environ[env]
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f"{file}: {error.strerror}") from error
    return None
