"""All media are checked on a schedule, in a process of its own, and what was found is an event."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from bus_schemas.codec import read_stored
from bus_schemas.node import CommandEvent
from consumers.engine import view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.hub_config import HubConfig
from consumers.running_job import STALLED_S
from consumers.store.archive.retention import ArchiveRetention
from consumers.store.cold.settings import ColdStorage, TransferHours
from consumers.upkeep.retention.scope import RetentionScope
from consumers.upkeep.retention.sink import RetentionSink
from consumers.upkeep.verify.media_job import MediaCheckScope
from consumers.upkeep.verify.sink import COMMAND, LastMediaCheck, MediaCheckSink, last_media_check
from tests.builders import START, tick
from tests.data_directory import hub_of
from tests.eventually import eventually
from tests.footage import Film, record
from tests.memory_journal import MemoryJournal

pytestmark = pytest.mark.processes

WEEK = timedelta(days=7)


class Checks:
    """The sink on a hub of some minutes, by a clock of its own."""

    def __init__(self, hub: HubConfig, command: Sequence[str] = COMMAND) -> None:
        self.hub = hub
        self.now = START + timedelta(hours=1)
        self.passed_s = 0.0
        self._ticks = MemoryJournal()
        self._sink = MediaCheckSink(MediaCheckScope.of(hub), lambda: self.now, command, lambda: self.passed_s)
        self._deliverer = Deliverer(self._sink, ConsumerContext(hub.data, self._ticks, lambda: self.now))
        self._deliverer.advance()
        self._deliverer.idle()

    def idle(self) -> LastMediaCheck | None:
        self._deliverer.idle()
        with closing(view_files.open_view(self.hub.data, "media_check")) as view:
            return last_media_check(view)

    def emitted(self) -> list[CommandEvent]:
        self._ticks.append(tick(self.now))
        self._deliverer.advance()
        with closing(view_files.open_view(self.hub.data, "media_check")) as view:
            bodies = [body for (body,) in view.execute("select body from outbox_event order by position")]
        return [event for event in read_stored(bodies) if isinstance(event, CommandEvent)]

    def close(self) -> None:
        self._deliverer.close()


@pytest.fixture
def hub(tmp_path: Path) -> HubConfig:
    record(tmp_path, Film(seconds=20))
    return hub_of(tmp_path)


@pytest.fixture
def checks(hub: HubConfig) -> Iterator[Checks]:
    with closing(Checks(hub)) as checks:
        yield checks


def test_a_check_is_due_after_a_week_and_says_what_it_found(checks: Checks) -> None:
    checks.now += WEEK - timedelta(minutes=1)
    early = checks.idle()
    checks.now += timedelta(minutes=1)
    last = eventually(checks.idle, 60, "the end of the check")
    event, *others = checks.emitted()

    assert early is None
    assert last.is_clean
    assert "in the archive" in last.sentence
    assert (event.data.name, event.data.state, event.data.by) == ("check_media", "done", "schedule")
    assert event.data.detail == last.sentence
    assert event.data.arguments == {"repaired": 0, "left": 0, "faults": 0}
    assert others == []


def test_lost_media_are_taken_out_of_the_views(hub: HubConfig, checks: Checks) -> None:
    checks.now += WEEK
    context = ConsumerContext(hub.data, MemoryJournal(), lambda: checks.now)
    with closing(Deliverer(RetentionSink(RetentionScope.of(hub), lambda: checks.now), context)) as retention:
        retention.advance()
    archive = ArchiveRetention(hub.data / "archive", lambda: checks.now)
    archive.drop(archive.expiring("segment", checks.now))
    last = eventually(checks.idle, 60, "the end of the check")
    (event,) = checks.emitted()

    assert event.data.arguments == {"repaired": 2, "left": 0, "faults": 0}
    assert "2 lost media are reported as deleted" in last.sentence


def test_a_process_that_fails_is_told_and_not_begun_again_at_once(hub: HubConfig) -> None:
    with closing(Checks(hub, (sys.executable, "-c", "raise SystemExit('no memory')"))) as checks:
        checks.now += WEEK
        last = eventually(checks.idle, 30, "the end of the check")
        (event,) = checks.emitted()
        checks.now += timedelta(days=1)
        again = checks.idle()

    assert not last.is_clean
    assert last.sentence == "the process that checks media ended with 1: no memory"
    assert event.data.state == "failed"
    assert again == last


def test_a_check_that_stands_still_is_ended_and_told(hub: HubConfig) -> None:
    """As one that waits for a disk that never answers."""
    with closing(Checks(hub, (sys.executable, "-c", "import signal; signal.pause()"))) as checks:
        checks.now += WEEK

        def look() -> LastMediaCheck | None:
            checks.passed_s += STALLED_S
            return checks.idle()

        last = eventually(look, 30, "the end of the check")
        (event,) = checks.emitted()

    assert last.sentence == "the process that checks media was ended: it made no progress for 300 s"
    assert event.data.state == "failed"


@pytest.mark.parametrize(
    ("every", "hours"),
    [(None, None), (WEEK, TransferHours(time(1), time(4)))],
    ids=["where nobody wants any", "outside the hours"],
)
def test_no_check_begins(hub: HubConfig, every: timedelta | None, hours: TransferHours | None) -> None:
    cold = ColdStorage("evidence", hours=hours) if hours else None
    with closing(Checks(replace(hub, media_check=every, cold=cold))) as checks:
        checks.now += 2 * WEEK
        checks.idle()

        assert not (hub.data / "run" / "media_check.log").exists()
