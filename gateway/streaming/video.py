"""Serves live video: one subscription and one lease for each device, however many watch it.

The agent sends while the lease is renewed. At each keyframe its message begins with an initialisation segment, and
anybody may begin there. Nobody has a queue: each viewer knows the number of the message that it has, and one that is
too slow goes on with a later keyframe. So it is behind, and costs the others nothing.

Live video may be lost on its way. What follows a lost message cannot be decoded, so the device is asked to begin once
more at its last keyframe.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from typing import Final

from bus_schemas.event import device_source
from bus_schemas.protocol import VIDEO
from bus_schemas.topics import live_topic
from gateway.messages.bus import Topics
from gateway.streaming.leases import WatchLeases

MEDIA_TYPE: Final = "video/mp4"
MAX_BYTES: Final = 32_000_000
"""Bytes of the messages since the keyframe before the last one; with more, new viewers wait for the next keyframe."""
CHUNK_BYTES: Final = 256_000
"""What is handed to one viewer at a time, unless a message is longer: its connection holds a copy until it is sent."""
AGAIN_S: Final = 5.0
"""Between two requests for the last keyframe of a device."""
_INITIAL: Final = b"ftyp"
_NUMBERED: Final = b"mfhd"
_HEAD_BYTES: Final = 8192
"""The number of a fragment is that near to the beginning of its message."""
_HVCC_BYTES: Final = 12
"""The length of a description of H.265, up to its level."""


class WatchedVideo:
    """The newest messages of one device."""

    def __init__(self) -> None:
        self.watchers = 0
        self.is_over = False
        self.asking: asyncio.Task[None] | None = None
        self._messages: deque[bytes] = deque()
        self._oldest = self._entry = 0
        """The number of the first message that is here, and of the last one at which anybody may begin."""
        self._bytes = 0
        self._number: int | None = None
        """The number of the last fragment, as the device counts them."""
        self.lacks_keyframe = asyncio.Event()
        """Set while what comes cannot be decoded, for a message is lost."""
        self._wakeup = asyncio.Event()

    def take(self, message: bytes) -> None:
        number = fragment_number(message)
        if message[4:8] == _INITIAL:
            self.lacks_keyframe.clear()
            # A viewer that is about to take the end of the group before still finds it.
            while self._oldest < self._entry:
                self._drop()
            self._entry = self._oldest + len(self._messages)
        elif not self._messages or (number is not None and self._number is not None and number != self._number + 1):
            self.lacks_keyframe.set()
            return
        self._number = number
        self._messages.append(message)
        self._bytes += len(message)
        while self._bytes > MAX_BYTES:
            self._drop()
        self.wake()

    def wake(self) -> None:
        self._wakeup.set()
        self._wakeup = asyncio.Event()

    async def after(self, number: int | None, within: float) -> tuple[int, bytes] | None:
        """The next messages after `number`, or since the last keyframe where that is `None` or gone, and the number
        of the last one of them. `None` where nothing comes in time.
        """
        try:
            async with asyncio.timeout(within):
                while not self._has_after(number):
                    if self.is_over:
                        return None
                    await self._wakeup.wait()
        except TimeoutError:
            return None
        first = number + 1 if number is not None and self._goes_on(number) else self._entry
        chunk = self._chunk(first - self._oldest)
        return first + len(chunk) - 1, b"".join(chunk)

    def _chunk(self, first: int) -> list[bytes]:
        """The message at this place and those behind it, as many as are handed out at a time."""
        chunk: list[bytes] = []
        size = 0
        for message in islice(self._messages, first, None):
            size += len(message)
            if chunk and size > CHUNK_BYTES:
                break
            chunk.append(message)
        return chunk

    def _has_after(self, number: int | None) -> bool:
        if not self._messages:
            return False
        if number is not None and self._goes_on(number):
            return self._oldest + len(self._messages) - 1 > number
        return self._entry >= self._oldest

    def _goes_on(self, number: int) -> bool:
        """Whether nothing is gone of what follows this message."""
        return number + 1 >= self._oldest

    def _drop(self) -> None:
        self._bytes -= len(self._messages.popleft())
        self._oldest += 1


class LiveVideos:
    def __init__(self, topics: Topics, leases: WatchLeases) -> None:
        self._topics = topics
        self._leases = leases
        self._videos: dict[str, WatchedVideo] = {}
        self.is_stopped = False

    @property
    def watchers(self) -> int:
        return sum(video.watchers for video in self._videos.values())

    def stop(self) -> None:
        """Every stream ends."""
        self.is_stopped = True
        for video in self._videos.values():
            video.is_over = True
            video.wake()

    @asynccontextmanager
    async def watch(self, site: str, device: str) -> AsyncIterator[WatchedVideo]:
        """The device sends its video for as long as anybody watches it."""
        source = device_source(site, device)
        video = self._videos.get(source)
        if video is None:
            video = self._videos[source] = WatchedVideo()
            self._topics.listen(live_topic(source, VIDEO), video.take)
            video.asking = asyncio.create_task(self._ask(source, video))
        video.watchers += 1
        try:
            with self._leases.held(source, VIDEO):
                yield video
        finally:
            video.watchers -= 1
            if not video.watchers:
                if video.asking is not None:
                    video.asking.cancel()
                del self._videos[source]
                self._topics.forget(live_topic(source, VIDEO), video.take)

    async def _ask(self, source: str, video: WatchedVideo) -> None:
        """Ask for the last keyframe whenever it is lacking; the first lease has just asked for it."""
        asked_s = time.monotonic()
        while True:
            await video.lacks_keyframe.wait()
            await asyncio.sleep(max(0.0, asked_s + AGAIN_S - time.monotonic()))
            if video.lacks_keyframe.is_set():
                asked_s = time.monotonic()
                await self._leases.ask(source, VIDEO, from_keyframe=True)


def fragment_number(message: bytes) -> int | None:
    """As its box `mfhd` says (ISO/IEC 14496-12, 8.8.5)."""
    place = message.find(_NUMBERED, 0, _HEAD_BYTES)
    return None if place < 0 else int.from_bytes(message[place + 8 : place + 12])


def codecs(message: bytes) -> str | None:
    """The codecs of messages that begin with an initialisation segment, as RFC 6381 names them; else `None`."""
    if message[4:8] != _INITIAL:
        return None
    head = message.partition(b"moof")[0]
    video = _video_codec(head)
    return f"{video}, mp4a.40.2" if video is not None and b"mp4a" in head else video


def _video_codec(message: bytes) -> str | None:
    """ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1, and its annex E; of MJPEG as the MP4 registration authority names it."""
    if b"mp4v" in message:
        return "mp4v.6c"
    if (place := message.find(b"avcC")) >= 0:
        return f"avc1.{message[place + 5 : place + 8].hex()}"
    if (place := message.find(b"hvcC")) < 0:
        return None
    box = message[place + 5 : place + 5 + _HVCC_BYTES]
    if len(box) < _HVCC_BYTES:
        return None
    space = ("", "A", "B", "C")[box[0] >> 6]
    tier = "H" if box[0] & 0x20 else "L"
    compatible = f"{int.from_bytes(box[1:5], 'big'):032b}"[::-1]
    constraints = box[5:11].rstrip(b"\0")
    parts = [
        f"{space}{box[0] & 31}",
        f"{int(compatible, 2):x}",
        f"{tier}{box[11]}",
        *(f"{one:x}" for one in constraints),
    ]
    return ".".join(["hev1", *parts])
