"""Makes the settings with which the gateway enrols agents, and checks what people want them to run."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from bus_schemas.enrolment import MAX_CONFIGURATION
from consumers.ingest.registry import ConfiguredSite
from gateway.agents.service import AgentsSettings, CheckedConfiguration
from watchpost.configuration.agents import AgentConfiguration, read_agent_configuration, settings_of
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.hubs import configured_site
from watchpost.configuration.sites import refuse_shared_sensor
from watchpost.configuration.yaml_loader import ConfigError

FOLDER = "agents"


def authority_folder(data: Path) -> Path:
    """Where the broker that is started here has its certificate, and that of its authority."""
    return data / FOLDER / "tls"


def accounts_folder(config: WatchpostConfig, data: Path) -> Path:
    """Where the broker reads the users of agents."""
    agents = config.broker.agents
    return data / FOLDER / "accounts" if agents is None or agents.directory is None else agents.directory


def agents_settings(config: WatchpostConfig, data: Path) -> AgentsSettings | None:
    """`None` where this hub enrols no agents."""
    agents = config.broker.agents
    if agents is None:
        return None
    authority = authority_folder(data) / "ca.crt" if config.broker.start else agents.ca_file or _trusted(config)
    return AgentsSettings(
        accounts_folder(config, data),
        agents.port,
        check,
        agents.reached_at,
        authority,
        require_authority=_required_authority(config, data),
        of_the_hub=frozenset(f"{site.site}/{device.device}" for site in config.sites for device in site.devices),
    )


def _required_authority(config: WatchpostConfig, data: Path) -> Callable[[], object]:
    """Raises `ValueError` where a broker that is started here has no certificate that agents trust."""
    if not config.broker.start:
        return lambda: None
    from mosquitto.authority import require_authority

    return partial(require_authority, authority_folder(data))


def _trusted(config: WatchpostConfig) -> Path | None:
    return None if config.broker.tls is None else config.broker.tls.ca_file


def check(node: str, text: str) -> CheckedConfiguration:
    """The configuration in the one form in which it is signed. Raises `ValueError`."""
    found = read_agent_configuration(text)
    settings_of(node, found)
    # Not where an agent reads it: one that was set by an older hub must not keep the agent from starting.
    refuse_shared_sensor((site, device) for site in found.sites for device in site.devices)
    text = _canonical(found)
    if len(text) > MAX_CONFIGURATION:
        raise ConfigError(f"as JSON it has {len(text):,} characters; at most {MAX_CONFIGURATION:,} are sent")
    return CheckedConfiguration(text, _sites(found))


def _canonical(configuration: AgentConfiguration) -> str:
    """The keys that were written, without defaults: those of the agent's version hold."""
    return configuration.model_dump_json(exclude_unset=True, indent=1)


def _sites(configuration: AgentConfiguration) -> tuple[ConfiguredSite, ...]:
    return tuple(configured_site(site) for site in configuration.sites)
