"""What a process of consumers folds again when it starts: the most urgent first, and why."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest

from consumers.engine.follower import BATCH, ConsumerContext, Follower
from consumers.engine.projection import Emit
from consumers.engine.rebuild.whole import why_rebuild
from consumers.engine.runner import ConsumerProcess
from consumers.store.journal.record import Recorded
from tests.builders import START, frame
from tests.consumer_processes import Picky, position, running, seen
from tests.eventually import eventually
from tests.following import hub_in
from tests.memory_journal import MemoryJournal


class Counted(Picky):
    """Says of each batch whose it was."""

    def __init__(self, name: str, folded: list[str]) -> None:
        self.name = name  # type: ignore[misc]  # of this instance, not of its class
        self._folded = folded

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        self._folded += [self.name] * len(batch)


def test_of_views_that_are_lost_the_most_urgent_is_there_first(tmp_path: Path) -> None:
    journal, folded = MemoryJournal([frame()] * (5 * BATCH)), list[str]()
    with running(
        ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START),
        Counted("one", folded),
        Counted("two", folded),
    ):
        eventually(lambda: len(folded) == 10 * BATCH)

    assert folded == ["one"] * 5 * BATCH + ["two"] * 5 * BATCH


def test_while_one_view_is_folded_again_those_that_are_there_go_on(tmp_path: Path) -> None:
    """After an update: the old view stands until the new one takes its place, whatever comes meanwhile."""
    journal, folded = MemoryJournal([frame()] * 3), list[str]()
    for name in ("one", "two"):
        with closing(Follower(Counted(name, []), ConsumerContext(tmp_path, journal, lambda: START))) as old:
            old.advance()

    class Arriving(Counted):
        """While it is folded again, another event comes."""

        version = 2

        def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
            super().fold(view, batch, emit)
            if len(folded) == 3:
                journal.append(frame())

    with running(
        ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START),
        Counted("one", folded),
        Arriving("two", folded),
    ):
        eventually(lambda: len(folded) == 5)

    assert folded == ["two"] * 3 + ["one", "two"]


class Reshaped(Picky):
    """The newer version of the same view has a table more, and another column."""

    version: ClassVar[int] = 2
    schema: ClassVar[str] = """
    create table if not exists seen (position integer primary key, device text not null);
    create table if not exists counted (device text primary key, count integer not null);
    """

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        view.executemany("insert into seen values (?, ?)", [(record.position, record.where[1]) for record in batch])


class Forgotten(Reshaped):
    """The same under the version of the older one."""

    version: ClassVar[int] = 1


class Configured(Picky):
    """The same by another configuration."""

    def made_with(self) -> object:
        return "another configuration"


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        (Picky, Reshaped, "it was made by version 1 of its projection, and this is version 2"),
        (Reshaped, Picky, "it was made by version 2 of its projection, a newer one, and this is version 1"),
        (Picky, Forgotten, "its tables are not those of version 1: counted, seen"),
        (Forgotten, Picky, "its tables are not those of version 1: counted, seen"),
        (Picky, Configured, "it was made by another configuration"),
        (Configured, Picky, "it was made by another configuration"),
    ],
    ids=["update", "return", "update without a version", "return without a version", "setting", "setting taken back"],
)
def test_a_view_of_another_code_is_folded_again_and_the_reason_is_said(
    tmp_path: Path, before: type[Picky], now: type[Picky], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = MemoryJournal([frame() for _ in range(5)])
    with closing(Follower(before(), ConsumerContext(tmp_path, journal, lambda: START))) as old:
        old.advance()
    journal.append(frame())
    with running(ConsumerProcess(hub_in(tmp_path), None, lambda: journal, lambda: START), now()):
        eventually(lambda: position(tmp_path, "picky") == 6)

    assert seen(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert why_rebuild(now(), tmp_path) is None
    assert reason in capsys.readouterr().out
