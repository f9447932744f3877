"""Asks devices to send what is watched, again and again for as long as anybody watches it."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol

from bus_schemas.event import GATEWAY
from bus_schemas.protocol import FROM_KEYFRAME, VIDEO, WATCH, WATCH_LEASE_S, CommandRequest
from bus_schemas.topics import command_topic
from gateway.messages.bus import BusUnreachable, Topics
from gateway.messages.ids import uuid7

RENEW_S: Final = WATCH_LEASE_S / 3
SUBSCRIBE_S: Final = 1.0


class LeaseBus(Topics, Protocol):
    """A connection to the broker."""

    async def settled(self, within: float) -> None: ...

    async def publish(self, topic: str, payload: bytes) -> None: ...


class WatchLeases:
    def __init__(self, bus: LeaseBus) -> None:
        self._bus = bus
        self._watchers: Counter[tuple[str, str]] = Counter()
        self._renewing: dict[tuple[str, str], asyncio.Task[None]] = {}

    @contextmanager
    def held(self, source: str, kind: str) -> Iterator[None]:
        """One lease for all who watch this of a device."""
        what = source, kind
        self._watchers[what] += 1
        if what not in self._renewing:
            self._renewing[what] = asyncio.create_task(self._renew(source, kind))
        try:
            yield
        finally:
            self._watchers[what] -= 1
            if not self._watchers[what]:
                del self._watchers[what]
                self._renewing.pop(what).cancel()

    async def ask(self, source: str, kind: str, *, from_keyframe: bool = False) -> None:
        """Ask for what is watched for another while, and for live video once more from its last keyframe on."""
        arguments = {"kind": kind} | ({FROM_KEYFRAME: True} if from_keyframe else {})
        request = CommandRequest(request_id=uuid7(), name=WATCH, by=GATEWAY, arguments=arguments)
        with suppress(BusUnreachable):
            await self._bus.publish(command_topic(source, WATCH), request.to_bytes())

    async def _renew(self, source: str, kind: str) -> None:
        await self._bus.settled(SUBSCRIBE_S)
        # The device may still send for somebody who has just left.
        await self.ask(source, kind, from_keyframe=kind == VIDEO)
        while True:
            await asyncio.sleep(RENEW_S)
            await self.ask(source, kind)
