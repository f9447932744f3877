"""The stamp of a view: one for each turn of the event loop."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from consumers.views.occupancy import OccupancyProjection
from gateway.reading.view_stamp import Stamp, ViewStamp
from tests.builders import at, detection
from tests.following import Followed


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(OccupancyProjection(), tmp_path, [detection(at(0))]) as followed:
        yield followed


def test_requests_of_one_turn_ask_the_view_once_and_the_next_turn_sees_what_was_committed(
    followed: Followed, tmp_path: Path
) -> None:
    asked = 0

    def events(view: sqlite3.Connection) -> int:
        nonlocal asked
        asked += 1
        return int(view.execute("select sum(events) from quarters").fetchone()[0])

    async def request(stamps: ViewStamp) -> Stamp | None:
        return stamps.now()

    async def turns(stamps: ViewStamp) -> list[list[Stamp | None]]:
        first = await asyncio.gather(*(request(stamps) for _ in range(50)))
        followed.take(detection(at(1)))
        return [first, await asyncio.gather(*(request(stamps) for _ in range(50)))]

    with closing(ViewStamp(tmp_path, "occupancy", events)) as stamps:
        found = asyncio.run(turns(stamps))

    assert found == [[(1, 1)] * 50, [(1, 2)] * 50]
    assert asked == 2


def test_without_a_loop_each_look_is_a_new_one(followed: Followed, tmp_path: Path) -> None:
    with closing(
        ViewStamp(tmp_path, "occupancy", lambda view: view.execute("pragma data_version").fetchone()[0])
    ) as it:
        before = it.now()
        followed.take(detection(at(1)))

        assert before is not None
        assert it.now() not in (None, before)
