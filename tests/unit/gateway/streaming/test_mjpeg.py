import asyncio
from collections.abc import Callable

from gateway.streaming.mjpeg import Frames, part


class Received:
    """Topics that a test speaks on."""

    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[bytes], None]] = {}
        self.calls: list[str] = []

    def listen(self, topic: str, handler: Callable[[bytes], None]) -> None:
        self.handlers[topic] = handler
        self.calls.append(f"listen {topic}")

    def forget(self, topic: str, handler: Callable[[bytes], None]) -> None:
        del self.handlers[topic]
        self.calls.append(f"forget {topic}")


def test_however_many_watch_there_is_one_subscription() -> None:
    topics = Received()
    frames = Frames(topics)

    with frames.watch("a"), frames.watch("a"), frames.watch("b"):
        watching = frames.watchers

    assert watching == 3
    assert sorted(topics.calls) == ["forget a", "forget b", "listen a", "listen b"]
    assert frames.watchers == 0


def test_only_the_newest_frame_is_kept() -> None:
    topics = Received()

    async def body() -> tuple[bool, bytes | None, bool]:
        with Frames(topics).watch("a") as seen:
            for frame in (b"1", b"2", b"3"):
                topics.handlers["a"](frame)
            is_newer = await seen.newer(0, within=0)
            return is_newer, seen.frame, await seen.newer(seen.number, within=0)

    assert asyncio.run(body()) == (True, b"3", False)


def test_who_waits_is_woken_by_a_frame() -> None:
    topics = Received()

    async def body() -> bool:
        with Frames(topics).watch("a") as seen:
            asyncio.get_running_loop().call_soon(topics.handlers["a"], b"1")
            return await seen.newer(0, within=5)

    assert asyncio.run(body())


def test_who_waits_is_woken_by_the_end() -> None:
    frames = Frames(Received())

    async def body() -> bool:
        with frames.watch("a") as seen:
            asyncio.get_running_loop().call_soon(frames.stop)
            return await seen.newer(0, within=5)

    assert not asyncio.run(body())
    assert frames.is_stopped


def test_a_part_is_a_picture_with_its_length() -> None:
    assert part(b"jpeg") == b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\n\r\njpeg\r\n"
    assert b"\r\nX-Picture-Kind: thumbnail\r\n" in part(b"jpeg", {"X-Picture-Kind": "thumbnail"})
