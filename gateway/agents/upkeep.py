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
from consumers.views.agents import AgentEntry, AgentVersion, devices_by_user, newest_position, signed_text
from gateway.agents.changes import NAME, every_agent
from gateway.agents.registration import retire
from gateway.agents.service import AgentService
from gateway.agents.signing import KeyUnreadable
from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.messages.bus import BusUnreachable

ROUND_S: Final = 2.0
SEND_AGAIN_S: Final = 10.0
"""An agent that is away takes its configuration when it is back."""
PART: Final = "enrolment"
"""The part that its faults name."""

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
        await upkeep.attempt()


class Upkeep:
    """The agents are read again when one of them has changed."""

    def __init__(self, gateway: Gateway, service: AgentService) -> None:
        self._gateway = gateway
        self._service = service
        self._entries: list[AgentEntry] = []
        self._read_at: int | None = None
        """The position of the newest event in what was read."""
        self._sent: dict[str, tuple[int, float]] = {}
        self._ran: dict[str, AgentVersion | None] = {}
        self._trouble: str | None = None

    async def attempt(self) -> None:
        """A round; one that fails is reported, and tried again: a view that is not there yet in the log, what people
        have to mend as a fault of the hub.
        """
        faults = self._gateway.faults
        try:
            await self.round()
        except Problem as problem:
            self._log(str(problem))
        except Exception as error:  # noqa: BLE001 - whatever it is, it costs enrolment alone
            self._log(str(error))
            faults.raise_fault(PART, "system_error", f"agents cannot be enrolled or configured: {error}")
        else:
            self._log(None)
            faults.clear_fault(PART, "system_error")

    async def round(self) -> None:
        """Raises `Problem`, `KeyUnreadable`, `LockHeld`, `OSError` and `ValueError`."""
        await self._read()
        try:
            self._service.key.load()
        except KeyUnreadable:
            # Nobody is let in without it, but whoever is revoked stays out.
            self._read_at = None
            self._reconcile({})
            raise
        self._reconcile(devices_by_user(self._entries, self._service.settings.of_the_hub))
        self._service.settings.require_authority()
        for entry in self._entries:
            if entry.is_enrolled:
                await self._retire_dropped(entry)
                await self._send(entry)

    async def _read(self) -> None:
        position = await self._gateway.ask(lambda stores: newest_position(stores.view(NAME)))
        if position != self._read_at:
            self._entries = await self._gateway.ask(lambda stores: every_agent(self._gateway, stores))
            self._read_at = position

    def _reconcile(self, devices: dict[str, tuple[str, ...]]) -> None:
        gone = {user for entry in self._entries for user in entry.former_users}
        self._service.accounts.reconcile(devices, gone, self._gateway.clock())

    def _log(self, trouble: str | None) -> None:
        """Once, when it changes."""
        if trouble is not None and trouble != self._trouble:
            _log.warning("agents cannot be looked after", reason=trouble)
        self._trouble = trouble

    async def _retire_dropped(self, entry: AgentEntry) -> None:
        """Devices that the newest configuration which came up does not name, and nobody else has, are watched no
        more."""
        before, now = self._ran.get(entry.node), entry.reached
        if before is not None and now is not None and before != now:
            kept = {device for one in self._entries for device in one.devices} | self._service.settings.of_the_hub
            for device in set(before.devices) - kept:
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
        text = await self._gateway.ask(lambda stores: signed_text(stores.view(NAME), wanted))
        signed = SignedConfiguration(
            node=entry.node,
            version=wanted.version,
            configuration=text.configuration,
            signature=text.signature,
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
