"""The log over HTTP, read page by page and as lines while it is written."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.builders import at, frame
from tests.integration.gateway.started import Filled, Started, hub_of

FIRST, EVENTS, REGISTERED = 300, 700, 4
NDJSON = {"Accept": "application/x-ndjson"}


def pages(client: httpx.Client, order: str, limit: int) -> list[int]:
    """Follow `next` to its end."""
    read: list[int] = []
    following = None
    while True:
        cursor: dict[str, int] = {} if following is None else {"after" if order == "asc" else "before": following}
        answer = client.get("/api/v1/events", params={"order": order, "limit": limit, **cursor}).json()
        read += [one["position"] for one in answer["events"]]
        following = answer["next"]
        if following is None:
            return read


def lines(client: httpx.Client, order: str) -> list[int]:
    with client.stream("GET", "/api/v1/events", params={"order": order}, headers=NDJSON) as answer:
        return [json.loads(line)["position"] for line in answer.iter_lines()]


def everything(client: httpx.Client) -> Iterator[list[int]]:
    for order in ("asc", "desc"):
        yield pages(client, order, 97)
        yield lines(client, order)


def test_what_is_read_while_it_is_written_has_no_hole_and_nothing_twice(tmp_path: Path) -> None:
    written, read = threading.Event(), list[list[int]]()
    with Filled(tmp_path) as filled:
        filled.append(*(frame(at(0)) for _ in range(FIRST)))
        with Started(hub_of(tmp_path)) as started, started.client() as client:

            def look() -> None:
                ended = False
                while not ended:
                    ended = written.is_set()
                    read.extend(everything(client))

            reader = threading.Thread(target=look)
            reader.start()
            for number in range(EVENTS):
                filled.append(frame(at(number / 10)))
            written.set()
            reader.join(60)

    for each in read:
        assert sorted(each) == list(range(1, len(each) + 1))
        assert each in (sorted(each), sorted(each, reverse=True))
    assert len(read) >= 8
    assert {len(each) for each in read[-4:]} == {FIRST + EVENTS + REGISTERED}
