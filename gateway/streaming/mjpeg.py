"""Serves live pictures as multipart JPEG: one subscription for each topic, and only the newest frame."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.messages.bus import Topics

BOUNDARY = "frame"
MEDIA_TYPE = f"multipart/x-mixed-replace; boundary={BOUNDARY}"


@dataclass
class Watch:
    """The newest frame of one topic, and how many look at it."""

    frame: bytes | None = None
    number: int = 0
    watchers: int = 0
    _wakeup: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, frame: bytes) -> None:
        self.frame = frame
        self.number += 1
        self.wake()

    def wake(self) -> None:
        self._wakeup.set()
        self._wakeup = asyncio.Event()

    async def newer(self, number: int, within: float) -> bool:
        """Whether there is a frame after `number`, waiting for one if need be."""
        if self.number > number:
            return True
        try:
            async with asyncio.timeout(within):
                await self._wakeup.wait()
        except TimeoutError:
            return False
        return self.number > number


class Frames:
    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._watches: dict[str, Watch] = {}
        self.is_stopped = False

    @property
    def watchers(self) -> int:
        return sum(watch.watchers for watch in self._watches.values())

    def stop(self) -> None:
        """Every stream ends."""
        self.is_stopped = True
        for watch in self._watches.values():
            watch.wake()

    @contextmanager
    def watch(self, topic: str) -> Iterator[Watch]:
        watch = self._watches.get(topic)
        if watch is None:
            watch = self._watches[topic] = Watch()
            watch.watchers = 1
            self._topics.listen(topic, watch.take)
        else:
            watch.watchers += 1
        try:
            yield watch
        finally:
            watch.watchers -= 1
            if not watch.watchers:
                del self._watches[topic]
                self._topics.forget(topic, watch.take)


def part(jpeg: bytes, stands_for_live: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """`stands_for_live` are the headers of a picture that was kept earlier."""
    given = "".join(f"{name}: {value}\r\n" for name, value in stands_for_live.items())
    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n{given}Content-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"
