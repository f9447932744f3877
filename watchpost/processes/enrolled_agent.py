"""Makes an agent of the identity and the configuration that a hub gave this machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from bus_schemas.enrolment import SignedConfiguration
from edge.agent.enrolment.configurations import ConfigurationStore, ConfigurationsUnreadable
from edge.agent.enrolment.identity import IdentityUnreadable, IdentityWatch, broker_of, load
from edge.agent.enrolment.remote import ConfigurationTrial, RemoteConfiguration
from edge.agent.settings import NodeSettings
from producer.broker import BrokerAddress
from watchpost.cli_errors import CliError
from watchpost.configuration.agents import AgentConfiguration, read_agent_configuration, settings_of
from watchpost.configuration.preflight import troubles
from watchpost.configuration.yaml_loader import ConfigError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EnrolledAgent:
    settings: NodeSettings
    broker: BrokerAddress
    remote: RemoteConfiguration


def enrolled_agent(data: Path, environ: Mapping[str, str]) -> EnrolledAgent:
    """Raises `CliError` where there is no usable identity."""
    try:
        load(data)  # A damaged file is replaced by its copy before anybody watches it.
        watch = IdentityWatch(data)
        identity = load(data)
        if identity is None:
            raise CliError(f"{data} belongs to no enrolled agent: watchpost edge --enrol CODE@HUB")
        store = ConfigurationStore.load(data)
        signed, configuration = _to_start_with(store)
    except (IdentityUnreadable, ConfigurationsUnreadable, ConfigError) as error:
        raise CliError(str(error)) from error
    settings = settings_of(identity.node, configuration)

    def check(wanted: SignedConfiguration) -> None:
        missing = troubles(read_agent_configuration(wanted.configuration), environ)
        if errors := [one.sentence for one in missing if one.is_error]:
            raise ConfigError("; ".join(errors))

    is_trial = signed.version != store.in_force.version
    trial = _trial(store, signed, settings, configuration.comes_up_within_s) if is_trial else None
    remote = RemoteConfiguration(identity, store, trial, check, is_enrolled_anew=watch.is_replaced)
    return EnrolledAgent(settings, broker_of(data, identity), remote)


def _to_start_with(store: ConfigurationStore) -> tuple[SignedConfiguration, AgentConfiguration]:
    """Raises `ConfigError` where this version cannot read the configuration in force. Where nothing can be written no
    other is tried, since nobody would know how often.
    """
    try:
        signed = store.start()
        if signed.version != store.in_force.version:
            try:
                return signed, read_agent_configuration(signed.configuration)
            except ConfigError as error:
                store.refuse(signed.version, str(error))
    except OSError as error:
        log.error("configurations cannot be written, the one in force is used", reason=error.strerror)
    return store.in_force, read_agent_configuration(store.in_force.configuration)


def _trial(
    store: ConfigurationStore, signed: SignedConfiguration, settings: NodeSettings, within_s: float
) -> ConfigurationTrial:
    """The devices that the configuration in force has as well need not prove themselves."""
    try:
        before = settings_of(settings.node, read_agent_configuration(store.in_force.configuration)).devices
    except ConfigError:
        before = ()
    changed = frozenset(device.source for device in settings.devices if device not in before)
    return ConfigurationTrial(signed.version, changed, within_s)
