"""The sink of exports: one after the other, each in a process of its own, ended by whoever asks for it or by time."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.codec import read_stored
from bus_schemas.footage import ExportEvent
from bus_schemas.speakers import violation
from consumers.engine import view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.hub_config import ExportPolicy
from consumers.running_job import STALLED_S
from consumers.upkeep.exports.order import PROGRESS, ExportResult, ExportScope
from consumers.upkeep.exports.sink import TRIES, ExportSink
from consumers.views.exports import ExportJob, export_job
from tests.builders import START, at, export, tick
from tests.eventually import eventually
from tests.footage import Film, record
from tests.memory_journal import MemoryJournal

pytestmark = pytest.mark.processes

WAITS = (sys.executable, "-c", "import sys, time; sys.stdin.read(); time.sleep(600)")
DIES = (sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
GROWS = (
    sys.executable,
    "-c",
    """
import json, pathlib, sys

order = json.load(sys.stdin)
asked = order["export"]["export_id"]
made = {"name": "yard.mp4", "size": 900_000_000_000 if asked == "export-2" else 1000, "sha256": "0" * 64}
pathlib.Path(order["data"], "exports", asked, "result.json").write_text(json.dumps({"files": [made]}))
""",
)
"""Each export is made at once; the second one is large."""
SWELLS = (
    sys.executable,
    "-c",
    """
import json, os, pathlib, signal, sys

order = json.load(sys.stdin)
part = pathlib.Path(order["data"], "exports", order["export"]["export_id"], "yard.mp4")
part.touch()
os.truncate(part, 900_000_000_000)
signal.pause()
""",
)
BREAKS = (sys.executable, "-c", "raise SystemExit('the disk is made of cheese')")


class Exporter:
    def __init__(self, data: Path, command: tuple[str, ...] | None = None, policy: ExportPolicy | None = None) -> None:
        self.data = data
        self.scope = ExportScope(data, policy or ExportPolicy())
        self.command = command
        self.journal = MemoryJournal()
        self.now = START
        self.passed_s = 0.0
        self.deliverer = self.start()

    def start(self) -> Deliverer:
        given: dict[str, Any] = {} if self.command is None else {"command": self.command}
        sink = ExportSink(self.scope, lambda: self.now, elapsed=lambda: self.passed_s, **given)
        deliverer = Deliverer(sink, ConsumerContext(self.data, self.journal, lambda: self.now))
        deliverer.advance()
        return deliverer

    def take(self, *events: Any) -> None:
        self.journal.append(*events)
        self.deliverer.advance()
        self.deliverer.idle()

    def job(self, export_id: str = "export-1") -> ExportJob | None:
        with closing(view_files.open_view(self.data, "exporter")) as state:
            return export_job(state, export_id)

    def state(self, export_id: str = "export-1") -> str | None:
        self.deliverer.idle()
        job = self.job(export_id)
        return None if job is None else job.state

    def wait_for(self, state: str, export_id: str = "export-1") -> None:
        eventually(lambda: self.state(export_id) == state)

    def reported(self) -> list[ExportEvent]:
        self.take(tick(at(100)))
        with closing(view_files.open_view(self.data, "exporter")) as state:
            bodies = [body for (body,) in state.execute("select body from outbox_event order by position")]
        return [event for event in read_stored(bodies) if isinstance(event, ExportEvent)]

    def folder(self, export_id: str = "export-1") -> Path:
        return self.data / "exports" / export_id


@pytest.fixture
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Exporter]:
    exporter = Exporter(tmp_path, *getattr(request, "param", ()))
    yield exporter
    exporter.deliverer.close()


def test_an_export_is_made_told_and_kept_for_its_time(tmp_path: Path) -> None:
    record(tmp_path, Film(seconds=20))
    exporter = Exporter(tmp_path, policy=ExportPolicy(keep=timedelta(days=1)))
    exporter.take(export(at(0)))
    exporter.wait_for("done")
    job = exporter.job()
    (done,) = exporter.reported()
    assert job is not None
    files = [exporter.folder() / name for name in job.files]
    there = [path.is_file() for path in files]
    exporter.now += timedelta(days=1, minutes=1)
    exporter.wait_for("expired")
    states = [event.data.state for event in exporter.reported()]
    exporter.deliverer.close()

    assert there == [True, True, True]
    assert (done.data.state, done.data.file) == ("done", files[0].name)
    assert done.data.size
    assert violation(done.source, done.type, done.data) is None
    assert states == ["done", "expired"]
    assert not exporter.folder().exists()


def named(export_id: str, state: str = "asked") -> ExportEvent:
    """As a journal may hold it from before its id was looked at."""
    event = export(at(0))
    return event.model_copy(update={"data": event.data.model_copy(update={"export_id": export_id, "state": state})})


@pytest.mark.parametrize("outside", ["..", ".", "../journal", "{data}/journal", "a/b", "\N{SKULL}" * 128, "a\0b"])
@pytest.mark.parametrize("made", [(WAITS,)], indirect=True)
def test_an_id_that_names_no_folder_deletes_nothing_and_holds_up_no_other_export(made: Exporter, outside: str) -> None:
    kept = made.data / "journal" / "precious"
    kept.parent.mkdir()
    kept.touch()
    export_id = outside.format(data=made.data)
    made.take(named(export_id), named(export_id, "cancelled"), named(export_id, "removed"), export(at(0)))
    made.wait_for("running")

    assert kept.exists()
    assert made.job(export_id) is None


@pytest.mark.parametrize("made", [(WAITS,)], indirect=True)
def test_an_export_that_stands_still_ends_with_a_sentence_and_the_next_is_made(made: Exporter) -> None:
    made.take(export(at(0)), export(at(1), export_id="export-2"))
    made.wait_for("running")
    made.passed_s += STALLED_S - 1
    still = made.state()
    made.passed_s += 1
    made.wait_for("running", "export-2")
    [failed] = made.reported()

    assert still == "running"
    assert (failed.data.export_id, failed.data.detail) == ("export-1", "it made no progress for 300 s")


@pytest.mark.parametrize("made", [(WAITS,)], indirect=True)
def test_an_export_whose_bytes_come_slowly_does_not_stand_still(made: Exporter) -> None:
    made.take(export(at(0)))
    made.wait_for("running")
    states = []
    for received in (1000, 2000, 2000):
        (made.folder() / PROGRESS).write_text(f"0.000000 {received}")
        made.passed_s += STALLED_S - 1
        states.append(made.state())
    made.passed_s += STALLED_S - 1
    made.wait_for("failed")

    assert states == ["running", "running", "running"]


@pytest.mark.parametrize("made", [(WAITS,)], indirect=True)
def test_a_clock_that_is_set_ends_no_export_and_prolongs_none(made: Exporter) -> None:
    made.take(export(at(0)))
    made.wait_for("running")
    made.now += timedelta(hours=1)
    after_an_hour = made.state()
    made.now -= timedelta(hours=2)
    made.passed_s += STALLED_S
    made.wait_for("failed")

    assert after_an_hour == "running"


@pytest.mark.parametrize("made", [(BREAKS,)], indirect=True)
def test_whoever_asks_for_many_waits_for_the_others(made: Exporter) -> None:
    made.take(*[export(at(0), export_id=f"many-{number}") for number in range(5)])
    made.wait_for("failed", "many-0")
    made.take(export(at(1), export_id="one", by="somebody else"))
    made.wait_for("failed", "one")

    assert made.state("many-4") == "waiting"


@pytest.mark.parametrize("made", [(WAITS, ExportPolicy(waiting=3, waiting_per_person=2))], indirect=True)
def test_an_export_beyond_what_may_wait_fails_with_a_sentence_and_the_others_are_made(made: Exporter) -> None:
    made.take(*[export(at(0), export_id=f"many-{number}") for number in range(3)])
    made.take(export(at(1), export_id="one", by="bob"), export(at(1), export_id="two", by="eve"))
    failed = {event.data.export_id: event.data.detail for event in made.reported()}

    assert [made.state(name) for name in ("many-0", "many-1", "one")] == ["running", "waiting", "waiting"]
    assert failed == {
        "many-2": "2 exports of ada wait already, and a person may have 2: cancel one, or ask again when one is ready",
        "two": "3 exports wait already, and the hub takes 3: ask again when some are ready",
    }


@pytest.mark.parametrize("made", [(WAITS,)], indirect=True)
def test_a_folder_that_somebody_else_has_taken_costs_that_export_alone(made: Exporter) -> None:
    made.folder().parent.mkdir()
    made.folder().touch()
    made.take(export(at(0)), export(at(1), export_id="export-2"))
    made.wait_for("running", "export-2")
    [failed] = made.reported()

    assert (failed.data.export_id, failed.data.state) == ("export-1", "failed")
    assert failed.data.detail == "it cannot be begun: File exists"


@pytest.mark.parametrize("made", [(WAITS,)], indirect=True)
def test_an_export_that_is_cancelled_stops_and_leaves_nothing(made: Exporter) -> None:
    made.take(export(at(0)), export(at(0), export_id="export-2"))
    running = made.state()
    made.take(export(at(1), "cancelled"))

    assert running == "running"
    assert made.state() == "cancelled"
    assert not made.folder().exists()
    assert made.state("export-2") == "running"
    assert made.reported() == []


@pytest.mark.parametrize("made", [(WAITS,)], indirect=True)
def test_an_export_that_was_not_finished_is_made_again_after_a_restart(made: Exporter) -> None:
    made.take(export(at(0)))
    made.deliverer.close()
    record(made.data, Film(seconds=20))
    made.command = None
    made.deliverer = made.start()
    made.wait_for("done")

    assert [event.data.state for event in made.reported()] == ["done"]


@pytest.mark.parametrize("made", [(DIES,)], indirect=True)
def test_an_export_that_is_killed_again_and_again_fails(made: Exporter) -> None:
    made.take(export(at(0)))
    made.wait_for("failed")
    (failed,) = made.reported()

    assert failed.data.detail == f"it was begun {TRIES} times, and never finished"


@pytest.mark.parametrize("made", [(BREAKS,)], indirect=True)
def test_an_export_whose_process_fails_says_why_and_the_next_one_is_begun(made: Exporter) -> None:
    made.take(export(at(0)), export(at(0), export_id="export-2"))
    made.wait_for("failed", "export-2")

    assert {event.data.detail for event in made.reported()} == {"its process ended with 1: the disk is made of cheese"}


def test_the_oldest_exports_go_beyond_the_bytes_that_all_may_take(tmp_path: Path) -> None:
    record(tmp_path, Film(seconds=20))
    exporter = Exporter(tmp_path)
    exporter.take(export(at(0)))
    exporter.wait_for("done")
    size = sum(path.stat().st_size for path in exporter.folder().iterdir())
    exporter.scope = replace(exporter.scope, policy=ExportPolicy(bytes=size + size // 2))
    exporter.deliverer.close()
    exporter.now += timedelta(seconds=1)
    exporter.deliverer = exporter.start()
    exporter.take(export(at(1), export_id="export-2"))
    exporter.wait_for("done", "export-2")

    assert exporter.state() == "expired"
    assert exporter.state("export-2") == "done"
    exporter.deliverer.close()


@pytest.mark.parametrize("made", [(GROWS,)], indirect=True)
def test_an_export_that_is_larger_than_all_may_be_fails_with_a_sentence_and_costs_no_other(made: Exporter) -> None:
    made.take(export(at(0)))
    made.wait_for("done")
    made.take(export(at(1), export_id="export-2"))
    made.wait_for("failed", "export-2")

    assert made.state() == "done"
    assert not made.folder("export-2").exists()
    assert made.reported()[-1].data.detail == (
        "it takes 900.00 GB, and all exports together may take 20.00 GB (hub.export_bytes): ask for a shorter time or"
        " fewer devices"
    )


def test_what_was_asked_for_before_the_sink_was_there_is_made_and_nothing_that_is_answered(tmp_path: Path) -> None:
    journal = MemoryJournal()
    sink = ExportSink(ExportScope(tmp_path, ExportPolicy()))
    journal.append(export(at(0)), export(at(1), "done"), tick(at(2)))
    answered = sink.begins_after(journal)
    journal.append(export(at(3), export_id="export-2"), tick(at(4)))

    assert answered == 3
    assert sink.begins_after(journal) == 3


def test_a_result_is_read_back_as_it_was_written() -> None:
    result = ExportResult(failure="no room")

    assert ExportResult.model_validate(json.loads(result.model_dump_json())) == result


@pytest.mark.parametrize("made", [(SWELLS,)], indirect=True)
def test_an_export_that_becomes_larger_than_all_may_be_is_ended_while_it_is_made(made: Exporter) -> None:
    made.take(export(at(0)))
    made.wait_for("failed")

    (failed,) = made.reported()
    assert failed.data.detail is not None
    assert "all exports together may take 20.00 GB" in failed.data.detail
    assert not made.folder().exists()
