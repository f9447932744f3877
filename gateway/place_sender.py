"""Sends devices the time zone of their site and its name and theirs, where they go by others."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, NamedTuple

import structlog

from consumers.views import registry, settings
from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.messages import commands
from gateway.messages.bus import BusUnreachable
from gateway.messages.commands import SETTINGS, DeviceCommand
from gateway.messages.ids import uuid7
from gateway.reading.other_places import OtherPlace, other_places
from gateway.reading.stores import Stores

ROUND_S: Final = 2.0
SEND_AGAIN_S: Final = 30.0
"""A device that is away takes it when it is back."""
REFUSED_AGAIN_S: Final = 600.0
DEVICES_PER_ROUND: Final = 20
HUB: Final = "hub"
"""Who sets it."""

_log = structlog.get_logger()


class _Read(NamedTuple):
    """The devices that go by another place, at these newest positions of settings and registry."""

    at: tuple[int, int]
    devices: list[OtherPlace]


async def run(gateway: Gateway) -> None:
    """Until cancelled."""
    sender = PlaceSender(gateway)
    while True:
        await sender.round()
        await asyncio.sleep(ROUND_S)


class PlaceSender:
    """It compares what the devices report with the registry, so that it misses neither a change nor a new device."""

    def __init__(self, gateway: Gateway, seconds: Callable[[], float] = time.monotonic) -> None:
        self._gateway = gateway
        self._seconds = seconds
        self._known = _Read((-1, -1), [])
        self._again_at: dict[OtherPlace, float] = {}

    async def round(self) -> None:
        """A round that cannot read is made up for by the next one."""
        try:
            self._known = await self._gateway.ask(self._read)
        except Problem:
            return
        wanted, now = self._known.devices, self._seconds()
        self._again_at = {one: self._again_at.get(one, now) for one in wanted}
        due = sorted((one for one in wanted if self._again_at[one] <= now), key=self._again_at.__getitem__)
        await asyncio.gather(*map(self._send, due[:DEVICES_PER_ROUND]))

    def _read(self, stores: Stores) -> _Read:
        """Called in the thread of a reader."""
        view = stores.view(settings.SettingsProjection.name)
        at = settings.newest_change(view), registry.newest_change(stores.view(registry.RegistryProjection.name))
        return self._known if at == self._known.at else _Read(at, other_places(stores))

    async def _send(self, one: OtherPlace) -> None:
        arguments = {"place": {name: value for name, value in one.wanted._asdict().items() if value is not None}}
        request = DeviceCommand(one.site, one.device, SETTINGS, arguments, HUB)
        again_s = SEND_AGAIN_S
        try:
            outcome = await commands.ask(self._gateway.bus, request, uuid7())
        except BusUnreachable:
            again_s = ROUND_S
        else:
            if outcome.state == "failed":
                again_s = REFUSED_AGAIN_S
                _log.warning("place refused", site=one.site, device=one.device, reason=outcome.detail)
        self._again_at[one] = self._seconds() + again_s
