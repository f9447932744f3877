"""A rebuild that is interrupted goes on where it was, and only where nothing that it depends on has changed."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from consumers.alerting.projection import AlertingProjection
from consumers.alerting.rules import AlertRules
from consumers.engine import checkpoint, view_files
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.rebuild import whole
from consumers.engine.rebuild.compare import verify
from consumers.engine.rebuild.request import RebuildReport, RebuildRequest
from consumers.engine.rebuild.whole import rebuild
from tests.builders import START, at, frame
from tests.interrupted_rebuild import SECONDS, STEP, Yard, events
from tests.memory_journal import MemoryJournal


@pytest.fixture(autouse=True)
def _step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "REBUILD_BATCH", STEP)


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with Yard(tmp_path) as made:
        yield made


@pytest.mark.parametrize("after", [1, STEP + 1, 2 * STEP + 1])
def test_it_goes_on_where_it_was_and_is_the_same(yard: Yard, after: int) -> None:
    before = sorted(yard.view.execute("select * from incidents"))
    yard.interrupt(after)
    standing = checkpoint.load(yard.view)
    rebuilt = yard.go_on()

    assert standing == 2 * SECONDS
    assert rebuilt == RebuildReport(2 * SECONDS, begun_at=min(-(-after // STEP) * STEP, 2 * SECONDS))
    assert sorted(yard.view.execute("select * from incidents")) == before
    assert verify(yard.projection, yard.source) == []


def test_events_that_came_meanwhile_are_in_it_once_and_nothing_is_told_again(yard: Yard) -> None:
    yard.interrupt(STEP)
    reported = len(yard.emitted())
    yard.take(*(frame(at(SECONDS + second)) for second in range(60)))
    now = len(yard.emitted())
    rebuilt = yard.go_on()
    yard.catch_up()

    assert reported < now == len(yard.emitted())
    assert (rebuilt.begun_at, rebuilt.discarded) == (STEP, None)
    assert verify(yard.projection, yard.source) == []


def changed_rules(yard: Yard) -> RebuildReport:
    return yard.go_on(AlertingProjection(AlertRules(raise_share=0.5)))


def another_version(yard: Yard) -> RebuildReport:
    AlertingProjection.version += 1
    try:
        return yard.go_on()
    finally:
        AlertingProjection.version -= 1


def asked_for(yard: Yard) -> RebuildReport:
    return yard.go_on(request=RebuildRequest(restart=True))


def broken(yard: Yard) -> RebuildReport:
    file = view_files.next_file(yard.source.data, "alerting")
    file.write_bytes(b"no database at all" * 100)
    return yard.go_on()


def dropped_days(yard: Yard) -> RebuildReport:
    yard.journal.drop(STEP + 100)
    return yard.go_on(request=RebuildRequest(force=True))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed_rules, "the configuration is another one"),
        (another_version, f"it was begun by version {AlertingProjection.version} of the projection"),
        (asked_for, "that was asked for"),
        (broken, "what was begun cannot be read"),
        (dropped_days, "the journal was dropped up to position 499 meanwhile"),
    ],
)
def test_it_begins_again_where_something_is_different_and_says_what(
    yard: Yard, change: Callable[[Yard], RebuildReport], reason: str
) -> None:
    yard.interrupt(STEP)
    rebuilt = change(yard)

    assert (rebuilt.begun_at, rebuilt.discarded) == (0, reason)


def test_days_that_were_folded_before_they_were_dropped_are_no_reason_to_begin_again(yard: Yard) -> None:
    before = sorted(yard.view.execute("select * from incidents"))
    yard.interrupt(STEP)
    yard.journal.drop(STEP + 1)
    rebuilt = yard.go_on()

    assert (rebuilt.begun_at, rebuilt.discarded, rebuilt.lost) == (STEP, None, {})
    assert sorted(yard.view.execute("select * from incidents")) == before


def test_a_shadow_of_a_journal_that_is_gone_is_not_gone_on_with(yard: Yard) -> None:
    yard.interrupt(STEP)
    context = ConsumerContext(yard.source.data, MemoryJournal(events(300), journal_id=2), lambda: START)
    with closing(Follower(yard.projection, context)) as again:
        while again.advance():
            pass
    rebuilt = yard.go_on(source=context)

    assert (rebuilt.position, rebuilt.begun_at) == (600, 0)
    assert verify(yard.projection, context) == []


_KILLED = """
import os, signal, sys
from pathlib import Path
from consumers.engine.rebuild import whole
from tests.interrupted_rebuild import STEP, Yard

whole.REBUILD_BATCH = STEP

def die(done, of):
    if done >= STEP:
        os.kill(os.getpid(), signal.SIGKILL)

with Yard(Path(sys.argv[1])) as yard:
    whole.rebuild(yard.projection, yard.source, die)
"""


@pytest.mark.processes
def test_what_a_killed_process_left_is_gone_on_with(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False, capture_output=True)
    with Yard(tmp_path) as yard:
        rebuilt = yard.go_on()

        assert killed.returncode == -9, killed.stderr
        assert (rebuilt.begun_at, rebuilt.discarded) == (STEP, None)
        assert verify(yard.projection, yard.source) == []


def test_a_full_disk_is_not_left_full_of_it(yard: Yard) -> None:
    def fill(done: int, of: int) -> None:
        if done:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        rebuild(yard.projection, yard.source, fill)

    assert not view_files.next_file(yard.source.data, "alerting").exists()
    assert checkpoint.load(yard.view) == 2 * SECONDS
