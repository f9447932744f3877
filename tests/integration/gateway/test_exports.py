"""Exports that wait: how many are before each, and what is answered where somebody asks for too many."""

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bus_schemas.event import iso
from bus_schemas.footage import ExportEvent
from consumers.engine import view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.hub_config import ExportPolicy
from consumers.store.journal.reader import SqliteJournalReader
from consumers.upkeep.exports.order import ExportScope
from consumers.upkeep.exports.sink import ExportSink
from consumers.views.exports import export_job
from tests.builders import DEVICE, SITE, at, export, retention, segment, thermal, tick
from tests.eventually import eventually
from tests.integration.gateway.started import NOW, Filled, Started

EXPORTS = "/api/v1/exports"
ENDS = (sys.executable, "-c", "raise SystemExit('the disk is made of cheese')")
WAITS = (sys.executable, "-c", "import sys, time; sys.stdin.read(); time.sleep(600)")
ASKED = {"site": SITE, "devices": [DEVICE], "start": "2026-01-05T10:00:00Z", "end": "2026-01-05T10:05:00Z"}


def never_made(number: int) -> ExportEvent:
    """As a journal may hold it from before its id was looked at."""
    event = export(at(0), export_id="x", by="bob")
    return event.model_copy(
        update={"id": f"old-{number}", "data": event.data.model_copy(update={"export_id": f"../{number}"})}
    )


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    with Filled(tmp_path) as filled:
        hub = replace(filled.hub, exports=ExportPolicy(waiting=5, waiting_per_person=3))
        asked = [export(at(number), export_id=f"ada-{number}") for number in range(3)]
        other = export(at(3), export_id="bob-1", by="bob")
        gone = [export(at(4), state, export_id="gone", by="eve") for state in ("asked", "done")]
        never = [never_made(number) for number in range(9)]
        filled.append(segment(at(0)), thermal(at(60), device="gate"), *gone, *never, *asked, other, tick(at(10))).fold()
        with closing(SqliteJournalReader(tmp_path / "journal")) as reader:
            context = ConsumerContext(tmp_path, reader, lambda: NOW)
            sink = Deliverer(ExportSink(ExportScope.of(hub), lambda: NOW, WAITS), context)
            sink.advance()
            sink.idle()
            with Started(hub) as started, started.client() as client:
                yield client
            sink.close()


def test_an_export_that_waits_says_how_many_are_made_before_it(client: httpx.Client) -> None:
    found = {one["id"]: (one["state"], one["before"]) for one in client.get(EXPORTS).json()["exports"]}

    assert found == {
        "ada-0": ("running", None),
        "bob-1": ("waiting", 1),
        "ada-1": ("waiting", 2),
        "ada-2": ("waiting", 3),
        "gone": ("done", None),
    }
    assert client.get(f"{EXPORTS}/ada-2").json()["before"] == 3


def test_an_export_whose_end_is_on_its_way_does_not_wait_again(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.append(segment(at(0)), export(at(0), export_id="ada-0"), tick(at(10))).fold()
        with closing(SqliteJournalReader(tmp_path / "journal")) as reader:
            context = ConsumerContext(tmp_path, reader, lambda: NOW)
            with closing(Deliverer(ExportSink(ExportScope.of(filled.hub), lambda: NOW, ENDS), context)) as sink:
                sink.advance()
                eventually(lambda: _idle(sink, tmp_path) == "failed")
                with Started(filled.hub) as started, started.client() as client:
                    [answer] = client.get(EXPORTS).json()["exports"]

    assert (answer["state"], answer["before"]) == ("running", None)


def _idle(sink: Deliverer, data: Path) -> str:
    sink.idle()
    with closing(view_files.open_view(data, ExportSink.name)) as state:
        job = export_job(state, "ada-0")
    return "" if job is None else job.state


def test_who_has_asked_for_as_many_as_one_may_is_refused_with_a_sentence(client: httpx.Client) -> None:
    refused = client.post(EXPORTS, json={**ASKED, "by": "ada"})

    assert refused.status_code == 429
    assert refused.json()["detail"].startswith("3 exports of ada wait already, and a person may have 3: cancel one")
    assert int(refused.headers["Retry-After"]) > 0


def test_somebody_else_is_not_refused_for_what_another_has_asked(client: httpx.Client) -> None:
    sent = client.post(EXPORTS, json={**ASKED, "by": "bob"})

    assert "nothing was sent" in sent.json()["detail"], "there is no broker here: it would have been sent"


@pytest.mark.parametrize(("tables", "start", "status"), [(True, 0, 503), (False, 0, 404), (True, 200, 404)])
def test_what_was_only_measured_is_exported_with_tables(
    client: httpx.Client, tables: bool, start: float, status: int
) -> None:
    range_ = {"start": iso(at(start)), "end": iso(at(300))}
    sent = client.post(
        EXPORTS, json={**ASKED, **range_, "devices": ["gate"], "form": "zip", "tables": tables, "by": "bob"}
    )

    assert sent.status_code == status, "503 where it would have been sent: there is no broker here"


def test_a_range_whose_recordings_were_deleted_is_refused_with_the_rule_and_so_is_its_playlist(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        gone = retention(
            at(20), kind="segment", rule="segment: kept for 24 h", device=DEVICE, start=iso(at(-60)), end=iso(at(60))
        )
        filled.append(segment(at(0)), gone, tick(at(30))).fold()
        with Started(filled.hub) as started, started.client() as client:
            sent = client.post(EXPORTS, json={**ASKED, "by": "ada"})
            range_ = {"from": ASKED["start"], "to": ASKED["end"]}
            played = client.get(f"/hls/{SITE}/{DEVICE}/range.m3u8", params=range_)
            never = {"from": "2026-01-04T10:00:00Z", "to": "2026-01-04T10:05:00Z"}
            before = client.get(f"/hls/{SITE}/{DEVICE}/range.m3u8", params=never)

    words = f"nothing of {DEVICE} is left of then: recordings of that time were deleted (segment: kept for 24 h)"
    assert [(one.status_code, one.json()["detail"]) for one in (sent, played, before)] == [
        (404, words),
        (404, words),
        (404, f"nothing of {DEVICE} was recorded then"),
    ]
