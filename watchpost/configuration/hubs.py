"""Makes the settings of the hub's processes from the configuration."""

import os
import sys
from collections.abc import Collection, Mapping
from datetime import time, timedelta
from pathlib import Path

from consumers.credential import Credential
from consumers.hub_config import ClickHouseServer, DeviceRetention, ExportPolicy, HubConfig, Mosaic, RetentionPolicy
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from consumers.store.archive.indexed_media import IndexedMedia
from consumers.store.archive.keys import EVIDENCE
from consumers.store.cold.access import cold_reader
from consumers.store.cold.settings import ColdStorage, TileBucket, TransferHours
from gateway.serving.thermal_pictures import ThermalDrawing
from gateway.settings import ConnectionLimits, GatewaySettings
from gateway.static_files import STATIC
from watchpost import VERSION
from watchpost.configuration.bucket import plain_address
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.environment import Secrets, environment
from watchpost.configuration.retention import DeviceRetentionSection, RetentionSection
from watchpost.configuration.secrets import gateway_token, mails, secret, webhooks
from watchpost.configuration.sites import DeviceSection, SiteSection
from watchpost.configuration.stores import ServerJournal, ServerWarehouse
from watchpost.configuration.yaml_loader import ConfigError

RING_PAGE = STATIC / "ring"
TRIAL_COMMAND = (sys.executable, "-m", "watchpost", "run-trial")


def hub_config(
    config: WatchpostConfig,
    data: Path,
    environ: Mapping[str, str] = os.environ,
    secrets: Collection[str] = (),
) -> HubConfig:
    """The settings of consumers and gateway, with the password of the journal, and with each `Credential` in `secrets`.

    Raises `ConfigError` where a named secret is missing.
    """
    cold = cold_storage(config, environ) if Credential.COLD_STORAGE in secrets else None
    return HubConfig(
        data=data,
        archive=lambda: IndexedMedia(data / "archive", cold_reader(cold, data)),
        retention=_retention(config),
        exports=ExportPolicy(
            timedelta(days=config.hub.export_days),
            config.hub.export_bytes,
            config.hub.exports_waiting,
            config.hub.exports_waiting_per_person,
        ),
        mosaic=mosaic_settings(config),
        webhooks=webhooks(config, environ) if Credential.WEBHOOK in secrets else (),
        mails=mails(config, environ) if Credential.WEBHOOK in secrets else (),
        warehouse=_server(config.hub.warehouse, environ if Credential.WAREHOUSE in secrets else None),
        journal=_server(config.hub.journal, environ),
        triggers=config.triggers,
        cold=cold,
        tile_bucket=tile_bucket(config, environ) if Credential.TILE_BUCKET in secrets else None,
        media_check=timedelta(days=check_days) if (check_days := config.hub.media_check_days) else None,
    )


def configured(config: WatchpostConfig) -> Configured:
    """The part of the configuration that enters the registry."""
    return Configured(tuple(configured_site(site) for site in config.sites), config.alerts.rules.values())


def configured_site(site: SiteSection) -> ConfiguredSite:
    devices = tuple(_configured_device(device) for device in site.devices)
    return ConfiguredSite(site.site, site.title, site.time_zone, devices)


def _configured_device(device: DeviceSection) -> ConfiguredDevice:
    if device.visual is None:
        return ConfiguredDevice(device.device, device.title, ("thermal",))
    if device.thermal is None:
        return ConfiguredDevice(device.device, device.title, ("visual",))
    return ConfiguredDevice(device.device, device.title, ("visual", "thermal"))


def _retention(config: WatchpostConfig) -> RetentionPolicy:
    hub = config.hub
    hours = hub.retention_hours
    media = tuple((kind, timedelta(hours=getattr(hours, kind))) for kind in RetentionSection.model_fields)
    return RetentionPolicy(
        media=(*media, (EVIDENCE, timedelta(days=hub.evidence_days))),
        journal=timedelta(days=hub.journal_days),
        journal_bytes=hub.journal_bytes,
        segment_bytes=hub.segment_bytes,
        cleanup_threshold_percent=hub.cleanup_threshold_percent,
        cleanup_target_percent=hub.cleanup_target_percent,
        devices=tuple(
            _device_retention(site.site, device.device, device.retention)
            for site in config.sites
            for device in site.devices
            if device.retention is not None
        ),
    )


def mosaic_settings(config: WatchpostConfig) -> Mosaic:
    section = config.hub.mosaic
    wall = None if section.wall is None else tuple(int(side) for side in section.wall.split(":"))
    return Mosaic(
        cell_width=section.cell_width,
        cell_height=section.cell_height,
        quality=section.quality,
        bytes_of_nine=section.bytes_of_nine,
        wall=None if wall is None else (wall[0], wall[1]),
        past_every_minutes=section.past_every_minutes,
        past_days=section.past_days,
    )


def _device_retention(site: str, device: str, kept: DeviceRetentionSection) -> DeviceRetention:
    hours = {kind: getattr(kept, kind) for kind in RetentionSection.model_fields}
    media = tuple((kind, timedelta(hours=value)) for kind, value in hours.items() if value is not None)
    return DeviceRetention(site, device, media, kept.segment_bytes)


def cold_storage(config: WatchpostConfig, environ: Mapping[str, str]) -> ColdStorage | None:
    """Raises `ConfigError` where a key that the configuration names is missing."""
    section = config.hub.cold_storage
    if section is None:
        return None
    hours = section.hours
    return ColdStorage(
        bucket=section.bucket,
        prefix=section.prefix,
        endpoint=section.endpoint,
        region=section.region,
        access_key=secret(environ, section.access_key_env, section.access_key_file),
        secret_key=secret(environ, section.secret_key_env, section.secret_key_file),
        access_key_file=section.access_key_file,
        secret_key_file=section.secret_key_file,
        archive_after=timedelta(minutes=section.archive_after_minutes),
        keep_hot=timedelta(hours=section.keep_hot_hours),
        copies=section.copies,
        bytes_per_s=section.bytes_per_s,
        hours=None if hours is None else TransferHours(time.fromisoformat(hours.start), time.fromisoformat(hours.end)),
        cache_bytes=section.cache_bytes,
    )


def tile_bucket(config: WatchpostConfig, environ: Mapping[str, str]) -> TileBucket | None:
    """Raises `ConfigError` where a key is missing, or an address in a variable cannot be used."""
    section = config.hub.tile_bucket
    if section is None:
        return None
    storage = ColdStorage(
        bucket=section.bucket,
        prefix=section.prefix,
        endpoint=section.endpoint or _address(environ, section.endpoint_env),
        region=section.region,
        access_key=secret(environ, section.access_key_env, section.access_key_file),
        secret_key=secret(environ, section.secret_key_env, section.secret_key_file),
        access_key_file=section.access_key_file,
        secret_key_file=section.secret_key_file,
        bytes_per_s=section.bytes_per_s,
    )
    public = section.public_url or _address(environ, section.public_url_env)
    public = public or _address(environ, section.page_public_url_env)
    return TileBucket(storage, public, RING_PAGE if section.page else None)


def _address(environ: Mapping[str, str], name: str) -> str | None:
    """`None` where the variable is not set."""
    if not environ.get(name):
        return None
    try:
        return plain_address(environ[name]).rstrip("/")
    except ValueError as error:
        raise ConfigError(f"the environment variable {name}: {error}") from None


def _server(server: object, environ: Mapping[str, str] | None) -> ClickHouseServer | None:
    """`None` where it is not a server; without a password where the process must not know it."""
    if not isinstance(server, ServerWarehouse | ServerJournal):
        return None
    return ClickHouseServer(
        host=server.host,
        port=server.port or (9440 if server.secure else 9000),
        database=server.database,
        user=server.user,
        password="" if environ is None else secret(environ, server.password_env) or "",
        secure=server.secure,
    )


def _open_drawing() -> ThermalDrawing:
    from watchpost.thermal_drawing import EdgeDrawing  # with the analyses of the edge

    return EdgeDrawing()


def gateway_settings(
    config: WatchpostConfig,
    port: int | None,
    path: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> GatewaySettings:
    """`path` is the configuration file, which the processes of trials read too."""
    gateway = config.gateway
    read = () if path is None else ("--config", str(path))
    return GatewaySettings(
        gateway.host,
        gateway.port if port is None else port,
        gateway_token(config, environ),
        VERSION,
        trial_command=(*TRIAL_COMMAND, *read),
        public_url=gateway.public_url,
        trusted_proxies=gateway.trusted_proxies,
        limits=ConnectionLimits(
            connections=gateway.connections,
            connections_per_address=gateway.connections_per_address,
            streams=gateway.streams,
        ),
        trial_environment=environment(environ, Secrets(config).of_trials()),
        open_drawing=_open_drawing,
    )
