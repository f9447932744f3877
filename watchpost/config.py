"""One watchpost.yaml: what every process of the product is told."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator, model_validator

from watchpost.located import ConfigError, parse
from watchpost.sites import Device, Site, refuse_doubled
from watchpost.sources import EnvName, Part

Port = Annotated[int, Field(ge=0, le=65535)]


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Tls(Part):
    """The broker is spoken to through TLS."""

    ca_file: Path | None = Field(
        default=None, description="Who signed the broker's certificate; default the system's authorities."
    )
    certificate_file: Path | None = Field(default=None, description="Our own certificate, where the broker wants one.")
    key_file: Path | None = Field(default=None, description="Its key.")


class Broker(Part):
    """The MQTT broker that everything goes through."""

    start: bool = Field(
        default=True, description="Whether `watchpost up` runs a mosquitto here; false when a broker runs elsewhere."
    )
    host: str = Field(default="127.0.0.1", description="Where the broker is, or listens when it is started here.")
    port: Port = Field(
        default=11883, description="0 takes a free one. Not 1883: a mosquitto installed by Debian sits there."
    )
    tls: Tls | None = Field(default=None, description="Given, also empty, it means TLS.")
    username: str | None = Field(default=None, description="As in the broker's password file.")
    password_env: EnvName | None = Field(default=None, description="The environment variable that holds the password.")
    password_file: Path | None = Field(default=None, description="Or the file that holds it.")

    @model_validator(mode="after")
    def _ours_is_here(self) -> "Broker":
        if self.start and not is_loopback(self.host):
            raise ValueError(
                f"the broker that is started here listens on loopback only; for '{self.host}' say start: false"
            )
        if self.start and (self.tls or self.username):
            raise ValueError(
                "the broker that is started here needs no tls and no username; for another say start: false"
            )
        return self


class Retention(Part):
    """Hours of event time after which media are dropped."""

    capture: PositiveFloat = Field(default=1, description="Full pictures.")
    thumbnail: PositiveFloat = Field(default=24, description="320x180 pictures.")
    segment: PositiveFloat = Field(default=24, description="Video segments.")
    thermal: PositiveFloat = Field(default=24, description="Raw 24x32 frames.")


class Recordings(Part):
    """How long recordings stay: what is reached first drops the oldest."""

    days: PositiveFloat = Field(default=7, description="Days of event time.")
    bytes: PositiveInt = Field(default=20_000_000_000, description="Bytes of all of them together.")


class DiskStore(Part):
    """Files below the data directory."""

    kind: Literal["disk"] = "disk"


class S3Store(Part):
    """A bucket of S3, R2, MinIO or another with that interface."""

    kind: Literal["s3"]
    bucket: str = Field(min_length=1, description="Its name; it exists already.")
    prefix: str = Field(default="", description="Put before every key.")
    endpoint_url: str | None = Field(default=None, description="Of the service; default Amazon's.")
    access_key_env: EnvName = Field(
        default="AWS_ACCESS_KEY_ID", description="The environment variable with the key id."
    )
    secret_key_env: EnvName = Field(
        default="AWS_SECRET_ACCESS_KEY", description="The environment variable with the secret."
    )
    public_url: str | None = Field(
        default=None, description="Where browsers read the bucket; default signed addresses."
    )


class Chdb(Part):
    """ClickHouse inside the gateway's process, its files below the data directory."""

    kind: Literal["chdb"] = "chdb"


class ClickHouse(Part):
    """A ClickHouse server, spoken to over its native protocol."""

    kind: Literal["clickhouse"]
    host: str = Field(default="clickhouse", description="The server.")
    port: Port = Field(default=9000, description="Of its native protocol; 9440 with TLS.")
    database: str = Field(default="watchpost", description="Created when it is missing.")
    user: str = Field(default="default", description="The user.")
    password_env: EnvName | None = Field(default=None, description="The environment variable with the password.")
    secure: bool = Field(default=False, description="Whether TLS is used.")


Store = Annotated[DiskStore | S3Store, Field(discriminator="kind")]
Rows = Annotated[Chdb | ClickHouse, Field(discriminator="kind")]


class Hub(Part):
    """What the hub keeps, where, and how long."""

    retention_hours: Retention = Field(default_factory=Retention, description="For each kind of media.")
    recordings: Recordings = Field(default_factory=Recordings, description="Clips around events.")
    journal_days: PositiveInt = Field(
        default=30, description="Days that the journal keeps; older ones cannot be rebuilt."
    )
    min_free_bytes: NonNegativeInt = Field(
        default=1_000_000_000, description="Below this the oldest media go before their time."
    )
    archive: Store = Field(default_factory=DiskStore, description="Where media live.")
    tiles: Store = Field(default_factory=DiskStore, description="Where the minute tiles live.")
    warehouse: Rows = Field(default_factory=Chdb, description="Where the rows of events live.")


class Gateway(Part):
    """HTTP for programs and people."""

    host: str = Field(default="127.0.0.1", description="The address to listen on; beyond loopback a token is needed.")
    port: Port = Field(default=8080, description="0 takes a free one.")
    token_env: EnvName | None = Field(default=None, description="The environment variable that holds the token.")
    token_file: Path | None = Field(default=None, description="Or the file that holds it.")

    @model_validator(mode="after")
    def _closed_to_strangers(self) -> "Gateway":
        if not is_loopback(self.host) and self.token_env is None and self.token_file is None:
            raise ValueError(f"'{self.host}' is open to other machines; give token_env or token_file, or use 127.0.0.1")
        return self


class AlertRules(Part):
    """When people are told."""

    offline_after_s: PositiveFloat = Field(default=30, description="Seconds without anything received from a device.")
    hot_spot_c: float = Field(default=80, description="°C; a hotter pixel is a hot spot.")
    hot_spot_hysteresis_c: PositiveFloat = Field(default=2, description="°C below it that end the hot spot.")
    raise_share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.8, description="Share of bad frames in the window to raise."
    )
    raise_window_s: PositiveFloat = Field(default=30, description="Seconds of that window.")
    clear_after_s: PositiveFloat = Field(default=5, description="Seconds without a bad frame to clear.")


class Alerts(Part):
    """Rules, and whom they reach."""

    webhook_url_env: EnvName | None = Field(
        default=None, description="The environment variable with the address to post to."
    )
    rules: AlertRules = Field(default_factory=AlertRules, description="Bounds and durations.")


class WatchpostConfig(Part):
    """Everything, each process reading its part."""

    broker: Broker = Field(default_factory=Broker, description="MQTT.")
    hub: Hub = Field(default_factory=Hub, description="Journal, archive and views.")
    gateway: Gateway = Field(default_factory=Gateway, description="HTTP.")
    sites: tuple[Site, ...] = Field(default=(), description="What is watched.")
    alerts: Alerts = Field(default_factory=Alerts, description="When people are told, and how.")
    triggers: tuple[str, ...] = Field(
        default=("UNAUTHORIZED_STRANGER", "RESTRICTED_ACCESS", "CROWD_VIOLATION"),
        description="Always shown on the dashboard, also with a count of 0.",
    )

    @field_validator("sites")
    @classmethod
    def _once_each(cls, sites: tuple[Site, ...]) -> tuple[Site, ...]:
        refuse_doubled("site", [site.site for site in sites], "in the configuration")
        return sites

    @field_validator("triggers")
    @classmethod
    def _no_reserved_name(cls, triggers: tuple[str, ...]) -> tuple[str, ...]:
        if "total_events" in triggers:
            raise ValueError("'total_events' is the name of the total")
        return triggers

    def nodes(self) -> dict[str, list[tuple[Site, Device]]]:
        """The devices that each agent process runs."""
        nodes: dict[str, list[tuple[Site, Device]]] = {}
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
