"""What a batch costs: it waits for no disk, and is folded once."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event
from bus_schemas.node import HealthEvent
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.record import Recorded
from tests.builders import frame, health
from tests.following import Followed

NORMAL = 1


class Loud(Projection):
    """Tells of one device, and remembers how durable the commit of each of its folds was to be."""

    name: ClassVar[str] = "loud"
    models: ClassVar[tuple[type[Event], ...]] = (FrameEvent,)
    emits: ClassVar[tuple[type[Event], ...]] = (HealthEvent,)
    schema: ClassVar[str] = "create table if not exists seen (position integer primary key)"

    def __init__(self) -> None:
        self.levels: list[int] = []

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        self.levels += [level for (level,) in view.execute("pragma synchronous")]
        for record in batch:
            view.execute("insert into seen values (?)", (record.position,))
            if record.where[1] == "loud":
                emit(health(id=f"emitted-{record.position}"))


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(Loud(), tmp_path) as it:
        yield it


def levels(followed: Followed) -> list[int]:
    assert isinstance(followed.projection, Loud)
    return followed.projection.levels


def test_no_batch_waits_for_the_disk(followed: Followed) -> None:
    followed.take(frame(), frame())
    followed.take(frame(device="loud"))

    assert levels(followed) == [NORMAL, NORMAL]


def test_what_tells_is_folded_once_and_told_once(followed: Followed) -> None:
    followed.take(frame(), frame(device="loud"))
    followed.take(frame())

    assert len(levels(followed)) == 2
    assert [event.id for event in followed.emitted()] == ["emitted-2"]
    assert followed.follower.emitted_count == 1
    assert followed.view.execute("select position from seen").fetchall() == [(1,), (2,), (3,)]


def test_what_a_batch_emits_is_numbered_at_once_and_in_its_order(followed: Followed) -> None:
    followed.take(frame())
    statements: list[str] = []
    view = followed.follower._view
    assert view is not None
    view.set_trace_callback(statements.append)
    followed.take(*(frame(device="loud") for _ in range(20)))

    assert sum(statement.startswith("insert into outbox_stream") for statement in statements) == 1
    assert [event.id for event in followed.emitted()] == [f"emitted-{position}" for position in range(2, 22)]
    assert [event.sequence for event in followed.emitted()] == list(range(1, 21))
