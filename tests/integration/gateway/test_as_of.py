"""Time travel over HTTP: what was answered at a moment is answered again when that moment is asked for."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest

from bus_schemas.event import iso
from consumers.engine.view_files import connect, file_of
from producer.broker import BrokerAddress
from tests.broker import Broker
from tests.builders import START, at, frame, settings
from tests.contract.story import MINUTES, story
from tests.contract.story_with_people import with_people
from tests.eventually import eventually
from tests.ingest_reports import IngestReports
from tests.integration.gateway.started import Filled, Started
from tests.settable_clock import SettableClock

YARD = "/api/v1/sites/DEMO/devices/yard"
PATHS = (
    "/api/v1/sites",
    "/api/v1/sites/DEMO/devices",
    YARD,
    "/api/v1/sites/DEMO/devices/oven",
    "/api/v1/health/devices",
    f"{YARD}/health",
    "/api/v1/incidents?limit=1000",
    "/api/v1/incidents?state=open",
    "/api/v1/incident-figures",
    "/api/v1/agents",
    "/api/v1/alerts?limit=500",
    "/api/v1/alerts?state=closed&device=yard",
    f"{YARD}/settings",
    f"{YARD}/rois",
    f"{YARD}/zones",
    f"{YARD}/settings/changes",
    f"{YARD}/settings/changes?limit=2&before=3000",
)
MOMENTS = 12


class Answer(NamedTuple):
    status: int
    body: Any


class Lived(NamedTuple):
    """A gateway after the story, and what it answered in the course of it: by seconds after the start and path."""

    client: httpx.Client
    answered: dict[tuple[float, str], Answer]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Lived]:
    """Of a hub whose parts all work: what keeps one from writing its journal cannot be read from that later."""
    clock, random, address = SettableClock(START), Random(11), BrokerAddress(port=broker.port)
    seconds = sorted([0.05, 0.55, *(random.uniform(0, MINUTES * 60 + 60) for _ in range(MOMENTS))])
    answered: dict[tuple[float, str], Answer] = {}
    with (
        Filled(tmp_path_factory.mktemp("lived")) as filled,
        Started(filled.hub, address, clock=clock) as started,
        started.client() as client,
        IngestReports(address) as ingest,
    ):
        reported = with_people(story())
        filled.fold()
        for second in seconds:
            while reported and reported[0][0] <= second:
                received, event = reported.pop(0)
                filled.append(event, received=at(received))
            filled.fold()
            clock.now = at(second)
            ingest.say(second, filled.head)
            eventually(lambda: client.get("/ready").status_code == 200, what="a hub that is ready")
            answered |= {(second, path): ask(client, path) for path in every_path(client)}
        clock.now = at(MINUTES * 60 + 3600)
        yield Lived(client, answered)


def ask(client: httpx.Client, path: str, **parameters: str) -> Answer:
    url = httpx.URL(path).copy_merge_params(parameters)
    found = client.get(url)
    return Answer(found.status_code, found.json())


def every_path(client: httpx.Client) -> list[str]:
    known = client.get("/api/v1/alerts?limit=3").json()["alerts"]
    why = [f"/api/v1/alerts/{one['id']}/why" for one in known]
    incidents = [f"/api/v1/incidents/{one['incident']}" for one in known]
    return [*PATHS, "/api/v1/mutes", *why, *incidents]


def test_what_was_answered_then_is_answered_again(lived: Lived) -> None:
    again = {(second, path): ask(lived.client, path, as_of=iso_of(second)) for second, path in lived.answered}

    different = [key for key, answer in again.items() if answer != lived.answered[key]]
    assert different == []
    assert len(again) > len(PATHS) * MOMENTS


@pytest.mark.parametrize("path", PATHS)
def test_the_answers_were_not_the_same_all_the_time(lived: Lived, path: str) -> None:
    """Or the test above would hold of a gateway that does not look at the moment."""
    assert len({repr(answer) for (_, asked), answer in lived.answered.items() if asked == path}) > 3


def iso_of(second: float) -> str:
    return at(second).isoformat()


def test_a_moment_may_be_told_in_any_zone(lived: Lived) -> None:
    in_utc = ask(lived.client, "/api/v1/health/devices", as_of="2026-01-05T10:20:00Z")
    in_berlin = ask(lived.client, "/api/v1/health/devices", as_of="2026-01-05T11:20:00+01:00")

    assert in_berlin == in_utc
    assert in_utc.status == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_moment_to_come_is_refused_with_a_sentence(lived: Lived, path: str) -> None:
    future = at(MINUTES * 60 + 3600) + timedelta(seconds=1)
    answer = ask(lived.client, path, as_of=iso(future))

    assert answer.status == 400
    assert answer.body["detail"] == "as_of: 2026-01-05T11:40:01.000Z has not come yet; it is 2026-01-05T11:40:00.000Z"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("as_of", ["yesterday", "2026-01-05T10:00:00", "2026-02-30T00:00:00Z", ""])
def test_what_is_no_moment_is_refused(lived: Lived, path: str, as_of: str) -> None:
    answer = ask(lived.client, path, as_of=as_of)

    assert answer.status == 400
    assert answer.body["detail"].startswith("as_of: ")


def test_the_document_of_the_api_tells_of_it(lived: Lived) -> None:
    paths = ask(lived.client, "/api/openapi.json").body["paths"]
    reported = {
        path
        for path, methods in paths.items()
        for parameter in methods.get("get", {}).get("parameters", [])
        if (parameter["name"], parameter["in"]) == ("as_of", "query") and parameter["schema"]["description"]
    }
    device = "/api/v1/sites/{site}/devices/{device}"

    assert reported == {
        "/api/v1/sites",
        "/api/v1/sites/{site}/devices",
        device,
        f"{device}/health",
        f"{device}/why-not",
        f"{device}/settings",
        f"{device}/settings/changes",
        f"{device}/rois",
        f"{device}/zones",
        "/api/v1/health/devices",
        "/api/v1/agents",
        "/api/v1/incidents",
        "/api/v1/incidents/{id}",
        "/api/v1/incident-figures",
        "/api/v1/mutes",
        "/api/v1/alerts",
        "/api/v1/alerts/{id}/why",
    }


def test_a_device_that_is_registered_and_was_never_heard_was_not_started(lived: Lived) -> None:
    devices = ask(lived.client, "/api/v1/health/devices", as_of=iso_of(-30))

    assert {one["camera_id"]: one["status"] for one in devices.body} == {"yard": "not_started", "gate": "not_started"}


def test_before_the_first_event_nothing_was_there(lived: Lived) -> None:
    before = iso(START - timedelta(days=400))

    assert ask(lived.client, "/api/v1/health/devices", as_of=before).body == []
    assert ask(lived.client, "/api/v1/sites", as_of=before).body["sites"] == []
    assert ask(lived.client, "/api/v1/incidents", as_of=before).body == {"incidents": []}
    assert ask(lived.client, "/api/v1/alerts", as_of=before).body == {"alerts": []}
    assert ask(lived.client, "/api/v1/sites/DEMO/devices", as_of=before).body["devices"] == []
    assert ask(lived.client, "/api/v1/sites/ELSEWHERE/devices", as_of=before).status == 404
    assert ask(lived.client, f"{YARD}/settings/changes", as_of=before).status == 404
    assert ask(lived.client, "/api/v1/sites/DEMO/devices/oven", as_of=before).status == 404


def test_a_view_that_is_behind_says_so_and_answers_once_it_is_not(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.append(frame(START)).fold()
        filled.append(settings(at(1), settings={"motion": {"sensitivity": 40}}))
        with Started(filled.hub) as started, started.client() as client:
            behind = ask(client, f"{YARD}/settings", as_of=iso_of(2))
            before = ask(client, f"{YARD}/settings", as_of=iso_of(0.5))
            filled.fold()
            after = ask(client, f"{YARD}/settings", as_of=iso_of(2))

    assert (behind.status, before.status, after.status) == (503, 200, 200)
    assert behind.body["detail"].startswith("as_of: the view 'settings' is at position 5, and 6 is asked for")
    assert (before.body["motion"]["sensitivity"], after.body["motion"]["sensitivity"]) == (25, 40)


def test_before_anything_is_folded_of_the_health_nobody_is_said_to_be_unheard(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.append(frame(START, device="oven"))
        filled.fold(without="health")
        with Started(filled.hub) as started, started.client() as client:
            behind = ask(client, "/api/v1/sites/DEMO/devices", as_of=iso_of(2))
            filled.fold()
            after = ask(client, "/api/v1/sites/DEMO/devices", as_of=iso_of(2))

    assert behind.status == 503
    assert "the view 'health' is at position 0" in behind.body["detail"]
    assert "oven" in {one["device"] for one in after.body["devices"]}


def test_a_view_of_another_version_is_said_to_be_folded_again(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.append(frame(START)).fold()
        file = file_of(tmp_path, "alerting")
        assert file is not None
        with closing(connect(file)) as view:
            view.execute("update checkpoint set version = version - 1")
            view.execute("alter table incidents drop column rule")
        with Started(filled.hub) as started, started.client() as client:
            answers = [ask(client, path) for path in ("/api/v1/incidents", "/api/v1/sites", "/api/v1/health/devices")]
            reported = ask(client, "/api/v1/consumers")

    assert [answer.status for answer in answers] == [503, 503, 503]
    assert "the view 'alerting' is folded again" in answers[0].body["detail"]
    assert reported.status == 200
