"""The entry point of each process. It imports its package only when it runs: an agent needs no hub installed."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from consumers.credential import Credential
from consumers.engine.process_group import ProcessGroup
from producer.garbage import spare_the_collector
from watchpost import VERSION
from watchpost.cli_errors import CliError, IdentityInUse
from watchpost.commands.selection import chosen_consumers
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.reference import markdown
from watchpost.configuration.yaml_loader import ConfigError
from watchpost.processes.runtime import (
    ENDS_WITHIN_S,
    Runtime,
    end_soon,
    exit_beside_threads,
    restart,
    stop_event,
    take_short_turns,
)

if TYPE_CHECKING:
    from watchpost.configuration.preflight import PreflightFinding

AGENT_ENDS_WITHIN_S: Final = 7.0
"""It is stopped first, and what its cameras have open is finished and sent."""


def edge(runtime: Runtime, node: str) -> NoReturn:
    stopping = stop_event(AGENT_ENDS_WITHIN_S)
    from edge.agent.abandoned_outboxes import sending_abandoned
    from edge.agent.identity.instance import IdentityTaken
    from edge.agent.node import run
    from watchpost.configuration.agents import node_settings

    spare_the_collector()
    stopping.serve()
    settings, nodes = node_settings(runtime.config, node), runtime.config.devices_by_node()
    try:
        with sending_abandoned(runtime.data / "outbox", nodes, runtime.broker, settings):
            wants_restart = run(settings, runtime.broker, runtime.data, stopping)
    except IdentityTaken as error:
        # Its cameras may be at work already when another agent shows up.
        sys.stderr.write(f"{error}\n")
        exit_beside_threads(IdentityInUse.code)
    if wants_restart:
        restart(stopping)
    exit_beside_threads()


def enrolled_edge(data: Path, log_format: str) -> NoReturn:
    """The agent that a hub has enrolled, with the configuration that it gave."""
    stopping = stop_event(AGENT_ENDS_WITHIN_S)
    from edge.agent.identity.instance import IdentityTaken
    from edge.agent.node import run
    from watchpost.processes.enrolled_agent import enrolled_agent

    agent = enrolled_agent(data, os.environ)
    spare_the_collector()
    stopping.serve()
    try:
        wants_restart = run(agent.settings, agent.broker, data, stopping, remote=agent.remote)
    except IdentityTaken as error:
        sys.stderr.write(f"{error}\n")
        exit_beside_threads(IdentityInUse.code)
    if wants_restart:
        # Without the code of its enrolment.
        restart(stopping, ("edge", "--data", str(data), "--log-format", log_format))
    exit_beside_threads()


def missing(config: WatchpostConfig) -> list["PreflightFinding"]:
    """Things that the configuration names and this machine does not have."""
    from watchpost.configuration.preflight import troubles

    return troubles(config, os.environ)


def ingest(runtime: Runtime) -> NoReturn:
    stopping = stop_event(ENDS_WITHIN_S)
    from consumers.ingest.run import run
    from consumers.store.journal.configured import journal_of
    from consumers.store.journal.store import JournalInUse
    from watchpost.configuration.hubs import configured, hub_config

    spare_the_collector()
    take_short_turns()
    store = journal_of(hub_config(runtime.config, runtime.data))
    stopping.serve()
    try:
        run(runtime.data, runtime.broker, stopping, store=store, configured=configured(runtime.config))
    except JournalInUse as other:
        raise CliError(str(other)) from other
    exit_beside_threads()


def consume(runtime: Runtime, named: list[str], left_out: list[str], group: ProcessGroup | None = None) -> NoReturn:
    # Signals are blocked before the consumers are known: their names come with numpy, which starts threads.
    stopping = stop_event(ENDS_WITHIN_S)
    from consumers.engine.runner import run
    from consumers.engine.store_owner import NotServed
    from consumers.registry import CONSUMERS, STORE_OWNERS
    from consumers.store.claims.holder import ClaimTaken
    from watchpost.configuration.hubs import hub_config

    names = chosen_consumers(named, left_out, consumer_names(group), consumer_names(ProcessGroup.SERVED))
    owner = STORE_OWNERS.get(names[0])
    makers = [owner] if owner else [CONSUMERS[name].consumer for name in names]
    hub = hub_config(runtime.config, runtime.data, secrets={known for maker in makers for known in maker.credentials})
    spare_the_collector()
    if group is ProcessGroup.URGENT:
        take_short_turns()
    stopping.serve()
    try:
        if owner is None:
            run(names, hub, runtime.broker, stopping)
        else:
            owner(hub).serve(runtime.broker, stopping)
    except NotServed as elsewhere:
        raise ConfigError(str(elsewhere)) from elsewhere
    except ClaimTaken as other:
        raise CliError(str(other)) from other
    exit_beside_threads()


def gateway(runtime: Runtime, port: int | None) -> NoReturn:
    from gateway.server import CannotListen, run
    from watchpost.configuration.enrolment import agents_settings
    from watchpost.configuration.hubs import gateway_settings, hub_config

    spare_the_collector()
    take_short_turns()
    settings = gateway_settings(runtime.config, port, runtime.config_path)
    settings = replace(settings, agents=agents_settings(runtime.config, runtime.data))
    hub = hub_config(
        runtime.config, runtime.data, secrets=(Credential.COLD_STORAGE, Credential.TILE_BUCKET, Credential.WAREHOUSE)
    )
    try:
        run(settings, hub, runtime.broker, on_stop=end_soon)
    except CannotListen as error:
        raise CliError(str(error)) from error
    exit_beside_threads()


def consumer_names(group: ProcessGroup | None = None) -> tuple[str, ...]:
    """The consumers of a group; by default all that can share a process."""
    from consumers.registry import CONSUMERS, STORE_OWNERS

    if group is ProcessGroup.SERVED:
        return tuple(STORE_OWNERS)
    return tuple(name for name, known in CONSUMERS.items() if group is None or known.consumer.group is group)


def schema(kind: str) -> str:
    """The document of this kind, as text."""
    match kind:
        case "config":
            return _written(WatchpostConfig.model_json_schema())
        case "reference":
            return markdown()
        case "sizing":
            from watchpost.sizing.document import markdown as sizing

            return sizing()
        case "openapi":
            from gateway.app import operations
            from gateway.openapi import document as openapi

            return _written(openapi(operations(), VERSION))
        case "limits":
            from gateway.app import operations
            from gateway.form_limits import typescript

            return typescript(operations()).removesuffix("\n")
    from bus_schemas.documents import document

    return document(kind)


def _written(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
