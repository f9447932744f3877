import asyncio
import json
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

from gateway.streaming import live
from gateway.streaming.live import Feed, FeedFilter, Models
from tests import builders
from tests.memory_journal import MemoryJournal

WITHIN = 5.0


def feed_of(journal: MemoryJournal) -> Feed:
    async def read(after: int, models: Models | None, limit: int) -> Any:
        await asyncio.sleep(0)
        return journal.read(after, models, limit)

    async def head() -> int:
        return journal.head()

    return Feed(read, head)


def positions(chunk: bytes) -> list[int]:
    return [int(line.removeprefix("id: ")) for line in chunk.decode().splitlines() if line.startswith("id: ")]


async def receive(feed: Feed, after: int | None, count: int, wanted: FeedFilter | None = None) -> list[int]:
    received: list[int] = []
    async with aclosing(feed.follow(after, wanted or FeedFilter())) as frames:
        async for frame in frames:
            received += positions(frame)
            if len(received) >= count:
                break
    return received


def with_reader(feed: Feed, body: Coroutine[Any, Any, Any]) -> Any:
    async def both() -> Any:
        reader = asyncio.create_task(feed.run())
        try:
            async with asyncio.timeout(WITHIN):
                return await body
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    return asyncio.run(both())


def some(count: int) -> list[Any]:
    return [builders.detection(builders.at(second)) for second in range(count)]


def test_a_client_begins_with_the_head_and_hears_what_comes() -> None:
    journal = MemoryJournal(some(3))
    feed = feed_of(journal)

    async def body() -> list[bytes]:
        async with aclosing(feed.follow(None, FeedFilter())) as frames:
            first = await anext(frames)
            journal.append(*some(1))
            feed.wake()
            return [first, await anext(frames)]

    first, second = with_reader(feed, body())

    assert first == b'event: head\ndata: {"position":3}\n\n'
    assert second.startswith(b"id: 4\nevent: detection\ndata: ")
    reported = json.loads(second.decode().splitlines()[2].removeprefix("data: "))
    assert reported["position"] == 4
    assert reported["event"]["type"] == "watchpost.detection.v1"


def test_a_client_that_resumes_hears_everything_after_its_position_once() -> None:
    feed = feed_of(MemoryJournal(some(1300)))

    assert with_reader(feed, receive(feed, 100, 1200)) == list(range(101, 1301))


def test_a_slow_client_is_late_but_hears_everything_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(live, "WINDOW_BYTES", 2_000)
    journal = MemoryJournal(some(1))
    feed = feed_of(journal)

    async def body() -> list[int]:
        received: list[int] = []
        async with aclosing(feed.follow(0, FeedFilter())) as frames:
            async for frame in frames:
                received += positions(frame)
                if len(received) >= 400:
                    return received
                if journal.head() < 400:
                    journal.append(*some(40))
                    feed.wake()
                    for _ in range(50):
                        await asyncio.sleep(0)
        return received

    received = with_reader(feed, body())

    assert received[:400] == list(range(1, 401))


def test_many_clients_hear_the_same() -> None:
    journal = MemoryJournal(some(5))
    feed = feed_of(journal)

    async def body() -> list[list[int]]:
        clients = [asyncio.create_task(receive(feed, after, 20 - after)) for after in (0, 3, 5)]
        for _ in range(15):
            journal.append(*some(1))
            feed.wake()
            await asyncio.sleep(0)
        return await asyncio.gather(*clients)

    assert with_reader(feed, body()) == [list(range(1, 21)), list(range(4, 21)), list(range(6, 21))]
    assert feed.clients == 0


def test_media_are_told_only_to_those_who_ask() -> None:
    journal = MemoryJournal([builders.media(), builders.thermal(), builders.media(), builders.detection()])
    feed = feed_of(journal)

    assert with_reader(feed, receive(feed, 0, 2)) == [2, 4]
    assert with_reader(feed, receive(feed, 0, 2, FeedFilter(frozenset({"media"})))) == [1, 3]
    assert with_reader(feed, receive(feed, 0, 1, FeedFilter(frozenset({"detection"})))) == [4]


def test_a_site_hears_its_own_and_what_happens_to_the_hub() -> None:
    of_hub = builders.detection(source="/sites/_hub/devices/_gateway")
    feed = feed_of(MemoryJournal([builders.detection(site="A"), of_hub, builders.detection(site="B")]))

    assert with_reader(feed, receive(feed, 0, 2, FeedFilter(site="B"))) == [2, 3]


def test_a_position_beyond_the_head_is_the_head() -> None:
    """A journal that was lost begins again at lower positions: a page from before must not wait for ever."""
    journal = MemoryJournal(some(2))
    feed = feed_of(journal)

    async def body() -> list[int]:
        async with aclosing(feed.follow(5_000, FeedFilter())) as frames:
            await anext(frames)
            journal.append(*some(1))
            feed.wake()
            return positions(await anext(frames))

    assert with_reader(feed, body()) == [3]


def test_who_hears_nothing_is_told_how_far_the_journal_is(monkeypatch: Any) -> None:
    monkeypatch.setattr(live, "PING_S", 0.01)
    feed = feed_of(MemoryJournal(some(7)))

    async def body() -> bytes:
        async with aclosing(feed.follow(0, FeedFilter(frozenset({"alert"})))) as frames:
            await anext(frames)
            return await anext(frames)

    assert with_reader(feed, body()) == b'id: 7\nevent: head\ndata: {"position":7}\n\n'


def test_who_follows_a_quiet_site_of_a_busy_hub_is_told_so_too(monkeypatch: Any) -> None:
    monkeypatch.setattr(live, "PING_S", 0.01)
    journal = MemoryJournal(some(1))
    feed = feed_of(journal)

    async def busy() -> None:
        while True:
            journal.append(*some(1))
            feed.wake()
            await asyncio.sleep(0)

    async def body() -> bytes:
        async with aclosing(feed.follow(None, FeedFilter(site="QUIET"))) as frames, asyncio.timeout(10):
            await anext(frames)
            others = asyncio.create_task(busy())
            try:
                return await anext(frames)
            finally:
                others.cancel()

    assert b"event: head" in with_reader(feed, body())


def test_a_feed_that_stops_ends_every_stream() -> None:
    feed = feed_of(MemoryJournal(some(1)))

    async def body() -> list[bytes]:
        async with aclosing(feed.follow(None, FeedFilter())) as frames:
            await anext(frames)
            asyncio.get_running_loop().call_soon(feed.stop)
            return [frame async for frame in frames]

    assert with_reader(feed, body()) == []
