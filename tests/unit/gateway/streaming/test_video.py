"""Live video in the gateway: one lease for all who watch, and slow viewers that cost only themselves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from bus_schemas.protocol import CommandRequest
from gateway.messages.bus import BusUnreachable
from gateway.streaming.leases import WatchLeases
from gateway.streaming.video import CHUNK_BYTES, MAX_BYTES, LiveVideos, WatchedVideo, codecs

T = TypeVar("T")
TOPIC = "watchpost/v1/DEMO/yard/live/video"


class LeaseBusDouble:
    """A bus that notes what is published, and on which a test speaks."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.handlers: dict[str, Callable[[bytes], None]] = {}
        self.published: list[str] = []
        self.begin_anew: list[bool] = []
        self.is_away = is_away
        self.asked = asyncio.Event()

    def listen(self, topic: str, handler: Callable[[bytes], None]) -> None:
        self.handlers[topic] = handler

    def forget(self, topic: str, handler: Callable[[bytes], None]) -> None:
        del self.handlers[topic]

    async def settled(self, within: float) -> None:
        return None

    async def publish(self, topic: str, payload: bytes) -> None:
        self.published.append(topic)
        self.begin_anew.append(CommandRequest.model_validate_json(payload).arguments.get("from_keyframe", False))
        self.asked.set()
        if self.is_away:
            raise BusUnreachable("there is no broker")


def begin(name: bytes) -> bytes:
    return b"\0\0\0\x10ftyp" + name


def more(name: bytes) -> bytes:
    return b"\0\0\0\x10moof" + name


def test_a_viewer_begins_at_the_last_keyframe() -> None:
    async def body() -> object:
        video = WatchedVideo()
        for message in (more(b"lost"), begin(b"A"), more(b"a"), begin(b"B"), more(b"b")):
            video.take(message)
        first = await video.after(None, 0)
        video.take(more(b"c"))
        return first, await video.after(3, 0), await video.after(4, 0)

    assert asyncio.run(body()) == ((3, begin(b"B") + more(b"b")), (4, more(b"c")), None)


def test_a_viewer_that_is_just_behind_a_keyframe_misses_nothing() -> None:
    async def body() -> object:
        video = WatchedVideo()
        for message in (begin(b"A"), more(b"a"), more(b"b"), begin(b"B")):
            video.take(message)
        return await video.after(1, 0)

    assert asyncio.run(body()) == (3, more(b"b") + begin(b"B"))


def test_a_slow_viewer_goes_on_with_a_later_keyframe() -> None:
    async def body() -> object:
        video = WatchedVideo()
        for name in (b"A", b"B", b"C", b"D"):
            video.take(begin(name))
            video.take(more(name))
        return await video.after(0, 0)

    assert asyncio.run(body()) == (7, begin(b"D") + more(b"D"))


def test_what_is_kept_for_viewers_is_bounded() -> None:
    async def body() -> object:
        video = WatchedVideo()
        video.take(begin(b"A"))
        for _ in range(10):
            video.take(more(bytes(MAX_BYTES // 8)))
        late = await video.after(None, 0)
        video.take(begin(b"B"))
        return late, await video.after(None, 0)

    assert asyncio.run(body()) == (None, (11, begin(b"B")))


def test_who_watches_goes_on_where_a_keyframe_and_what_follows_it_are_too_much_to_keep() -> None:
    async def body() -> list[int]:
        video = WatchedVideo()
        video.take(begin(b"A"))
        number, seen = 0, []
        for _ in range(10):
            video.take(more(bytes(MAX_BYTES // 8)))
            found = await video.after(number, 0)
            assert found is not None
            number = found[0]
            seen.append(number)
        return seen

    assert asyncio.run(body()) == list(range(1, 11))


def test_a_slow_viewer_is_handed_little_at_a_time_and_misses_nothing() -> None:
    async def body() -> object:
        video = WatchedVideo()
        large = more(bytes(CHUNK_BYTES // 2))
        for message in (begin(b"A"), large, large, more(bytes(CHUNK_BYTES)), more(b"end")):
            video.take(message)
        pieces: list[tuple[int, int]] = []
        number = None
        while (found := await video.after(number, 0)) is not None:
            number, piece = found
            pieces.append((number, len(piece)))
        return pieces

    assert asyncio.run(body()) == [(1, 128_017), (2, 128_008), (3, 256_008), (4, 11)]


def numbered(message: bytes, number: int) -> bytes:
    """As a device sends it, which counts its fragments."""
    return message + b"\0\0\0\x10mfhd" + bytes(4) + number.to_bytes(4)


def test_what_follows_a_lost_message_waits_for_a_keyframe() -> None:
    async def body() -> object:
        video = WatchedVideo()
        sent = [numbered(begin(b"A"), 7), numbered(more(b"a"), 8), numbered(more(b"c"), 10), numbered(more(b"d"), 11)]
        for message in sent:
            video.take(message)
        lost = video.lacks_keyframe.is_set(), await video.after(None, 0), await video.after(1, 0)
        video.take(again := numbered(begin(b"A again"), 12))
        return (
            lost == (True, (1, sent[0] + sent[1]), None),
            video.lacks_keyframe.is_set(),
            await video.after(1, 0)
            == (
                2,
                again,
            ),
        )

    assert asyncio.run(body()) == (True, False, True)


def test_a_device_is_asked_for_its_last_keyframe_where_a_message_is_lost_and_again_until_it_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.streaming.video.AGAIN_S", 0.001)

    async def body() -> list[bool]:
        bus = LeaseBusDouble()
        async with LiveVideos(bus, WatchLeases(bus)).watch("DEMO", "yard"):
            await bus.asked.wait()
            bus.handlers[TOPIC](numbered(begin(b"A"), 1))
            bus.handlers[TOPIC](numbered(more(b"a"), 3))
            while len(bus.published) < 3:
                bus.asked.clear()
                await bus.asked.wait()
        return bus.begin_anew

    assert run(body)[:3] == [True, True, True]


def run(body: Callable[[], Awaitable[T]]) -> T:
    async def whole() -> T:
        async with asyncio.timeout(5):
            return await body()

    return asyncio.run(whole())


def test_however_many_watch_the_camera_is_asked_once() -> None:
    async def body() -> tuple[list[str], int, dict[str, Callable[[bytes], None]]]:
        bus = LeaseBusDouble()
        videos = LiveVideos(bus, WatchLeases(bus))
        async with videos.watch("DEMO", "yard"), videos.watch("DEMO", "yard"):
            await bus.asked.wait()
            watching = videos.watchers
        return bus.published, watching, bus.handlers

    published, watching, handlers = run(body)
    assert published == ["watchpost/v1/DEMO/yard/command/watch"]
    assert watching == 2
    assert handlers == {}


def test_the_lease_is_renewed_though_the_broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.streaming.leases.RENEW_S", 0.001)

    async def body() -> int:
        bus = LeaseBusDouble(is_away=True)
        async with LiveVideos(bus, WatchLeases(bus)).watch("DEMO", "yard"):
            while len(bus.published) < 3:
                bus.asked.clear()
                await bus.asked.wait()
        return len(bus.published)

    assert run(body) >= 3


def test_who_waits_is_woken_by_a_message_and_by_the_end() -> None:
    async def body() -> tuple[object, object]:
        bus = LeaseBusDouble()
        videos = LiveVideos(bus, WatchLeases(bus))
        async with videos.watch("DEMO", "yard") as video:
            asyncio.get_running_loop().call_soon(bus.handlers[TOPIC], begin(b"A"))
            first = await video.after(None, 5)
            asyncio.get_running_loop().call_soon(videos.stop)
            return first, await video.after(0, 5)

    assert run(body) == ((0, begin(b"A")), None)


@pytest.mark.parametrize(
    ("box", "named"),
    [
        (b"avcC\x01\x64\x00\x1f", "avc1.64001f"),
        (b"avcC\x01\x42\xc0\x15 mp4a", "avc1.42c015, mp4a.40.2"),
        (b"hvcC\x01\x01\x60\x00\x00\x00\x90\x00\x00\x00\x00\x00\x5d", "hev1.1.6.L93.90"),
        (b"nothing known", None),
    ],
)
def test_the_codecs_are_named_as_browsers_want_them(box: bytes, named: str | None) -> None:
    assert codecs(begin(b"isom" + box)) == named


def test_only_an_initialisation_segment_names_codecs() -> None:
    assert codecs(more(b"avcC\x01\x64\x00\x1f")) is None


@pytest.mark.parametrize("box", [b"hvcC", b"avcC", b"mp4v"])
def test_no_message_that_breaks_off_in_its_description_is_an_error(box: bytes) -> None:
    for length in range(len(box) + 12):
        codecs(begin(b"isom" + (box + bytes(8))[:length]))
