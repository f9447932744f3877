"""Keeps agents in step: their users and access lists at the broker, and the configurations that they have not taken."""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Final

import structlog

from bus_schemas.enrolment import CONFIGURE, SignedConfiguration
from bus_schemas.event import device_source
from bus_schemas.protocol import CommandRequest
from bus_schemas.topics import command_topic
from consumers.views.agents import AgentEntry, AgentsProjection, AgentVersion, agents, devices_by_user
from gateway.agents.registration import retire
from gateway.agents.service import AgentService
from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.messages.bus import BusUnreachable

ROUND_S: Final = 2.0
SEND_AGAIN_S: Final = 10.0
"""An agent that is away takes its configuration when it is back."""

_log = structlog.get_logger()


async def run(gateway: Gateway) -> None:
    """Until cancelled."""
    service = gateway.agents
    if service is None:
        return
    upkeep = Upkeep(gateway, service)
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(ROUND_S):
                await service.changed.wait()
        service.changed.clear()
        try:
            await upkeep.round()
        except (Problem, OSError, ValueError) as error:
            upkeep.report(str(error))
        else:
            upkeep.report(None)


class Upkeep:
    def __init__(self, gateway: Gateway, service: AgentService) -> None:
        self._gateway = gateway
        self._service = service
        self._sent: dict[str, tuple[int, float]] = {}
        self._ran: dict[str, AgentVersion | None] = {}
        self._trouble: str | None = None

    async def round(self) -> None:
        """Raises `Problem`, `OSError` and `ValueError`."""
        entries = await self._gateway.ask(lambda stores: agents(stores.view(AgentsProjection.name)))
        gone = {user for entry in entries for user in entry.former_users}
        self._service.accounts.reconcile(devices_by_user(entries), gone)
        for entry in entries:
            if entry.is_enrolled:
                await self._retire_dropped(entry)
                await self._send(entry)

    def report(self, trouble: str | None) -> None:
        """Once, when it changes."""
        if trouble is not None and trouble != self._trouble:
            _log.warning("agents cannot be tended", reason=trouble)
        self._trouble = trouble

    async def _retire_dropped(self, entry: AgentEntry) -> None:
        """Devices that the configuration which came up does not name any more are watched no more."""
        before = self._ran.get(entry.node)
        now = entry.in_force
        if before is not None and now is not None and before != now:
            for device in set(before.devices) - set(now.devices):
                await retire(self._gateway, device, now.by)
        self._ran[entry.node] = now

    async def _send(self, entry: AgentEntry) -> None:
        wanted = entry.pending
        if wanted is None:
            self._sent.pop(entry.node, None)
            return
        version, sent_at = self._sent.get(entry.node, (0, 0.0))
        if version == wanted.version and monotonic() - sent_at < SEND_AGAIN_S:
            return
        signed = SignedConfiguration(
            node=entry.node,
            version=wanted.version,
            configuration=wanted.configuration,
            signature=wanted.signature,
        )
        request = CommandRequest(
            request_id=wanted.event_id, name=CONFIGURE, by=wanted.by, arguments=signed.model_dump()
        )
        with suppress(BusUnreachable):
            # It listens to the devices of what it runs, which may be what was wanted in between.
            for where in dict.fromkeys(one.devices[0] for one in entry.possible if one.devices):
                topic = command_topic(device_source(*where.split("/")), CONFIGURE)
                await self._gateway.bus.publish(topic, request.to_bytes())
            self._sent[entry.node] = (wanted.version, monotonic())
