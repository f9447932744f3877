"""Reports over HTTP: asked for, made by the hub, listed with who and when, and shown as a page that runs nothing."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.engine.view_files import open_view
from consumers.store.cold.settings import ColdStorage, TileBucket
from consumers.store.journal.reader import SqliteJournalReader
from consumers.upkeep.exports.order import RESULT, ExportScope
from consumers.upkeep.exports.sink import ExportSink
from tests.builders import SITE, at, export, frame, tick
from tests.eventually import eventually
from tests.integration.gateway.started import NOW, Filled, Started

REPORTS = "/api/v1/reports"
ASKED = {"site": SITE, "by": "ada", "start": "2026-01-05T10:00:00Z", "end": "2026-01-05T10:01:00Z"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A hub of which a report was asked for and made; an export waits behind it."""
    directory = tmp_path_factory.mktemp("reports")
    with Filled(directory) as filled:
        of_minute: dict[str, Any] = {"form": "zip", "report": "Night <b>shift</b>", "start": at(0), "end": at(60)}
        asked = export(at(70), export_id="night", by="ada", **of_minute)
        filled.append(frame(at(5)), tick(at(64)), asked, export(at(71), export_id="video")).fold()
        with closing(SqliteJournalReader(directory / "journal")) as reader:
            sink = Deliverer(
                ExportSink(ExportScope.of(filled.hub), lambda: NOW), ConsumerContext(directory, reader, lambda: NOW)
            )
            sink.advance()

            def is_made() -> bool:
                sink.idle()
                return (directory / "exports" / "night" / RESULT).exists() and _states(directory)["night"] == "done"

            eventually(is_made, 60, "a report")
            sink.close()
        filled.append(export(at(90), "done", export_id="night", by="hub", incidents=2, **of_minute)).fold()
        with Started(filled.hub) as started, started.client() as client:
            yield client


def _states(directory: Path) -> dict[str, str]:
    with closing(open_view(directory, ExportSink.name)) as state:
        return dict(state.execute("select export_id, state from jobs").fetchall())


def report(client: httpx.Client) -> dict[str, Any]:
    (found,) = client.get(REPORTS, params={"site": SITE}).json()["reports"]
    assert isinstance(found, dict)
    return found


def test_the_history_says_what_who_and_when_and_exports_are_apart(client: httpx.Client) -> None:
    found = report(client)

    assert (found["id"], found["name"], found["by"]) == ("night", "Night <b>shift</b>", "ada")
    assert (found["state"], found["incidents"]) == ("done", 2)
    assert (found["asked"], found["url"]) == ("2026-01-05T10:01:10.000Z", f"{REPORTS}/night")
    assert [one["id"] for one in client.get("/api/v1/exports").json()["exports"]] == ["video"]


def test_a_report_is_a_page_that_runs_nothing(client: httpx.Client) -> None:
    page = client.get(f"{REPORTS}/night")

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "sandbox" in page.headers["content-security-policy"]
    assert "Night &lt;b&gt;shift&lt;/b&gt;" in page.text


@pytest.mark.parametrize(
    ("given", "status", "sentence"),
    [
        ({"end": "2026-01-05T12:00:00Z"}, 400, "at most an hour"),
        ({"end": "2026-01-05T09:00:00Z"}, 400, "start must be before end"),
        ({"start": None, "end": None}, 400, "give either start and end, or an incident"),
        ({"incident": "one"}, 400, "give either start and end, or an incident"),
        ({"start": None, "end": None, "incident": "one"}, 404, "there is no incident 'one' of DEMO"),
        ({"start": "2099-01-05T10:00:00Z", "end": "2099-01-05T10:01:00Z"}, 400, "has not come yet"),
        ({"name": "  "}, 400, "name"),
        ({"site": "ELSEWHERE"}, 404, "ELSEWHERE"),
    ],
)
def test_what_cannot_be_reported_is_refused_with_a_sentence(
    client: httpx.Client, given: dict[str, Any], status: int, sentence: str
) -> None:
    body = {key: value for key, value in {**ASKED, **given}.items() if value is not None}
    refused = client.post(REPORTS, json=body)

    assert refused.status_code == status
    assert sentence in refused.text


@pytest.mark.parametrize("report_id", ["nobody", "video"])
def test_what_is_no_report_is_not_shown(client: httpx.Client, report_id: str) -> None:
    assert client.get(f"{REPORTS}/{report_id}").status_code == 404


def test_a_minute_has_no_links_without_a_bucket(client: httpx.Client) -> None:
    answer = client.get(f"/api/v1/sites/{SITE}/minutes/29460120/links")

    assert answer.status_code == 404
    assert "the configuration has no hub.tile_bucket" in answer.json()["detail"]


def test_links_of_a_minute_are_signed_where_the_bucket_is_private(tmp_path: Path) -> None:
    private = ColdStorage("tiles", "", "http://127.0.0.1:9", access_key="AKIA1", secret_key="never shown")
    with Filled(tmp_path) as filled:
        filled.append(tick(at(0)), frame(at(5)), tick(at(64))).fold()
        found = {}
        for name, public in (("signed", None), ("public", "https://tiles.example.net")):
            hub = replace(filled.hub, tile_bucket=TileBucket(private, public))
            with Started(hub) as started, started.client() as client:
                found[name] = client.get(f"/api/v1/sites/{SITE}/minutes/29460120/links").json()

    assert found["public"]["all"] == "https://tiles.example.net/heatmaps/DEMO/1000.jpg?v=29460120.0"
    assert found["public"]["until"] is None
    assert found["signed"]["all"].startswith("http://127.0.0.1:9/tiles/heatmaps/DEMO/1000.jpg?")
    assert "X-Amz-Signature=" in found["signed"]["description"]
    assert "never shown" not in str(found)


def test_a_report_that_waits_already_is_made_once_for_all_who_ask_for_it(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        known: dict[str, Any] = {"form": "zip", "report": "Night", "devices": ("yard", "gate")}
        filled.append(frame(at(5)), export(at(70), export_id="first", start=at(0), end=at(60), **known)).fold()
        with Started(filled.hub) as started, started.client() as client:
            same = client.post(REPORTS, json={**ASKED, "by": "bob", "name": "Night"})
            other = client.post(REPORTS, json={**ASKED, "by": "bob", "name": "Day"})

    assert (same.status_code, same.json()["id"], same.json()["by"]) == (202, "first", "ada")
    assert other.status_code == 503  # There is no broker that would take it.
