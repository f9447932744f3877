"""Serves the journal as server-sent events: one reader for all, a shared window of the newest, and exact resumption.

No client has a queue. Each knows the position that it has; what is in the window it takes from there, and what is
older it reads from the journal. A slow client is therefore late, never wrong, and costs no memory.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing, suppress
from dataclasses import dataclass

from bus_schemas.catalogue import MODELS, short_name
from bus_schemas.codec import to_bytes
from bus_schemas.event import HUB, Event, iso, place
from consumers.store.journal.record import Batch, Recorded
from consumers.store.journal.store import JournalAway
from gateway.streaming.minutes import MINUTE, MinuteFrames

Models = Collection[type[Event]]
Read = Callable[[int, Models | None, int], Awaitable[Batch]]
Head = Callable[[], Awaitable[int]]

BATCH = 500
WINDOW_BYTES = 8_000_000
POLL_S = 1.0
PING_S = 15.0
UNASKED = frozenset({"media"})
"""Sent only to those who name them: one for every picture."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    position: int
    site: str
    name: str
    frame: bytes


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """The events that a client wants to receive; empty `names` mean all but `UNASKED`."""

    names: frozenset[str] = frozenset()
    site: str | None = None

    def covers(self, entry: FeedEntry) -> bool:
        # Events of the hub, such as an agent that is enrolled, concern the pages of every site.
        if self.site is not None and entry.site not in (self.site, HUB):
            return False
        return entry.name in self.names if self.names else entry.name not in UNASKED

    def models(self) -> Models:
        return [
            model
            for event_type, model in MODELS.items()
            if (short_name(event_type) in self.names if self.names else short_name(event_type) not in UNASKED)
        ]


def entry(recorded: Recorded) -> FeedEntry:
    name = short_name(recorded.event.type)
    frame = b'id: %d\nevent: %b\ndata: {"position":%d,"received":"%b"%b,"event":%b}\n\n' % (
        recorded.position,
        name.encode(),
        recorded.position,
        iso(recorded.received).encode(),
        b',"ahead_s":%.1f' % recorded.ahead_s if recorded.ahead_s else b"",
        to_bytes(recorded.event),
    )
    return FeedEntry(recorded.position, place(recorded.event.source)[0], name, frame)


class Feed:
    def __init__(self, read: Read, head: Head) -> None:
        self._read = read
        self._read_head = head
        self._window: deque[FeedEntry] = deque()
        self._window_bytes = 0
        self._floor = 0
        """The window holds every event after this position, up to `_newest`."""
        self._newest = 0
        self._wakeup = asyncio.Event()
        self._wake = asyncio.Event()
        self._stopped = False
        self.wanted = asyncio.Event()
        """Set while somebody follows."""
        self.minutes = MinuteFrames()
        self.clients = 0

    def wake(self, _payload: bytes = b"") -> None:
        self._wake.set()

    def stop(self) -> None:
        """Every client's stream ends."""
        self._stopped = True
        self.announce()

    async def run(self) -> None:
        """Until cancelled: read what is new, while there is anybody to send it to."""
        while True:
            await self.wanted.wait()
            with suppress(JournalAway):  # and look again after the pause, as after every look
                await self._advance()
            if not self.clients:
                self.wanted.clear()
                continue
            await _set_within(self._wake, POLL_S)
            self._wake.clear()

    async def follow(self, after: int | None, filter: FeedFilter) -> AsyncGenerator[bytes, None]:
        """Frames after a position, first those that are there, then each as it comes.

        They end where the journal cannot be read; who listens comes back, and goes on where it was.
        """
        with suppress(JournalAway):
            async with aclosing(self._frames(after, filter)) as frames:
                async for frame in frames:
                    yield frame

    async def _frames(self, after: int | None, filter: FeedFilter) -> AsyncGenerator[bytes, None]:
        head = await self._enter()
        try:
            position = head if after is None else min(after, head)
            minute: int | None = None
            yield b'event: head\ndata: {"position":%d}\n\n' % head
            sent = time.monotonic()
            while not self._stopped:
                wakeup = self._wakeup
                frames, upto = await self._after(position, filter)
                if MINUTE in filter.names:
                    minutes, minute = self.minutes.after(minute, filter.site)
                    frames += minutes
                is_behind = upto > position
                position = max(position, upto)
                if not frames and (left := sent + PING_S - time.monotonic()) <= 0:
                    # Events that nobody here asked for wake it too: a client may get nothing but the head for long.
                    frames = [b'id: %d\nevent: head\ndata: {"position":%d}\n\n' % (position, position)]
                if frames:
                    yield b"".join(frames)
                    sent = time.monotonic()
                elif not is_behind:
                    await _set_within(wakeup, left)
        finally:
            self.clients -= 1

    async def _enter(self) -> int:
        head = await self._read_head()
        if not self.clients:
            self._window.clear()
            self._window_bytes = 0
            self._floor = self._newest = head
        self.clients += 1
        self.wanted.set()
        self._wake.set()
        return head

    async def _after(self, position: int, filter: FeedFilter) -> tuple[list[bytes], int]:
        if position < self._floor:
            batch = await self._read(position, filter.models(), BATCH)
            return [made.frame for made in map(entry, batch.records) if filter.covers(made)], batch.upto
        fresh = []
        for made in reversed(self._window):
            if made.position <= position:
                break
            if filter.covers(made):
                fresh.append(made.frame)
        return fresh[::-1], max(self._newest, position)

    async def _advance(self) -> None:
        while True:
            before = self._newest
            batch = await self._read(before, None, BATCH)
            if batch.upto <= before or self._newest != before:
                return
            for recorded in batch.records:
                self._keep(entry(recorded))
            self._newest = batch.upto
            self.announce()

    def _keep(self, made: FeedEntry) -> None:
        self._window.append(made)
        self._window_bytes += len(made.frame)
        while self._window_bytes > WINDOW_BYTES:
            oldest = self._window.popleft()
            self._window_bytes -= len(oldest.frame)
            self._floor = oldest.position

    def announce(self) -> None:
        self._wakeup.set()
        self._wakeup = asyncio.Event()


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
