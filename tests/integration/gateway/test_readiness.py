"""What the gateway says of a hub of which a part does not work, to strangers and to those who are let in."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from bus_schemas.event import Event, iso
from bus_schemas.protocol import IngestStatus
from consumers.engine import checkpoint, set_aside, view_files
from consumers.engine.checkpoint import Failure
from consumers.engine.set_aside import SetAsideEvent
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.record import journal_id_text
from producer.transaction import transaction
from tests.builders import fault, tick
from tests.integration.gateway.started import NOW, Filled, Started, a_busy_morning, hub_of

UNWRITABLE = fault(NOW, part="disk", kind="storage_unwritable", reason="It is full.", since=NOW)
BAD = SetAsideEvent(7, "e-7", "frame", "/sites/DEMO/devices/yard", "KeyError: 'a secret'", iso(NOW))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    """Of a gateway without a broker, over a hub in which one consumer limps and one has stopped."""
    with Filled(tmp_path) as filled:
        filled.append(*a_busy_morning()).fold()
        for name in ("alerting", "health"):
            file = view_files.file_of(tmp_path, name)
            assert file is not None
            with closing(view_files.connect(file)) as view, transaction(view):
                if name == "alerting":
                    set_aside.add(view, [BAD], 1, 99)
                else:
                    checkpoint.stop(view, Failure(7, "e-7", "KeyError: 'a secret'", iso(NOW)))
        with Started(filled.hub) as started, started.client() as client:
            yield client


def test_who_is_not_ready_names_every_part_and_repeats_to_strangers_nothing_that_was_sent(client: httpx.Client) -> None:
    answer = client.get("/ready")

    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert [one["path"] for one in answer.json()["errors"]] == ["broker", "health"]
    health = client.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "failing")
    assert "alerting limps (system_error)" in health.json()["problems"]
    assert "secret" not in answer.text + health.text


def test_metrics_say_of_each_consumer_whether_it_limps_or_has_stopped(client: httpx.Client) -> None:
    text = client.get("/metrics").text

    for line in (
        'watchpost_consumer_set_aside_total{consumer="alerting"} 1.0',
        'watchpost_consumer_stopped{consumer="health"} 1.0',
        'watchpost_consumer_stopped{consumer="alerting"} 0.0',
        'watchpost_hub_fault{kind="system_error",part="health"} 2.0',
        'watchpost_hub_fault{kind="system_error",part="alerting"} 1.0',
        "watchpost_ready 0.0",
        'watchpost_hub_condition{condition="error"} 1.0',
        'watchpost_hub_condition{condition="ok"} 0.0',
    ):
        assert line in text


def test_the_condition_of_the_hub_is_that_of_its_parts_now_and_of_its_incidents_then(client: httpx.Client) -> None:
    client.get("/ready")
    now = client.get("/api/v1/sites").json()["hub"]
    then = client.get("/api/v1/sites", params={"as_of": iso(NOW)}).json()["hub"]

    assert (now["condition"], now["open_incidents"]) == ("error", 0)
    assert then["condition"] == "ok"


def test_who_is_let_in_learns_which_event_it_was_and_why(client: httpx.Client) -> None:
    client.get("/ready")
    troubles = {one["part"]: one["detail"] for one in client.get("/api/v1/system").json()["troubles"]}
    consumers = {one["name"]: one for one in client.get("/api/v1/consumers").json()["consumers"]}

    assert "position 7: KeyError: 'a secret'" in troubles["alerting"]
    assert "has stopped: position 7, event e-7" in troubles["health"]
    limping = consumers["alerting"]
    assert (limping["state"], limping["set_aside"]) == ("limping", 1)
    assert limping["lately"][0]["source"] == "/sites/DEMO/devices/yard"
    assert consumers["health"]["state"] == "stopped"


def test_who_came_back_to_an_older_version_is_not_ready_until_the_views_are_folded_again(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.append(*a_busy_morning()).fold()
        file = view_files.file_of(tmp_path, "recordings")
        assert file is not None
        with closing(view_files.connect(file)) as view:
            view.execute("update checkpoint set version = 99")
        with Started(filled.hub) as started, started.client() as client:
            parts = [one["path"] for one in client.get("/ready").json()["errors"]]
            asked = client.get("/api/v1/sites/DEMO/devices/yard/recordings")
            [recordings] = [
                one for one in client.get("/api/v1/consumers").json()["consumers"] if one["name"] == "recordings"
            ]

    assert "recordings" in parts
    why = "it was made by version 99 of its projection, a newer one, and this is version"
    assert (asked.status_code, why in asked.json()["detail"]) == (503, True)
    assert (recordings["state"], why in recordings["error"]) == ("stopped", True)


@pytest.mark.parametrize(
    ("events", "kind", "sentence"),
    [
        (
            [tick(NOW, system={"disk_percent": 86.0})],
            "storage",
            "The disk was used by 86.0 % when its level was last found.",
        ),
        ([UNWRITABLE, tick(NOW, system={"disk_percent": 99.0})], "storage_unwritable", "It is full."),
    ],
)
def test_a_disk_that_fills_up_is_not_said_to_be_one_that_takes_nothing(
    tmp_path: Path, events: list[Event], kind: str, sentence: str
) -> None:
    with Filled(tmp_path) as filled:
        filled.append(*events).fold()
        with Started(filled.hub) as started, started.client() as client:
            client.get("/ready")
            problems = client.get("/health").json()["problems"]
            troubles = {one["part"]: one["detail"] for one in client.get("/api/v1/system").json()["troubles"]}
            explains = started.gateway.readiness.is_explained

    assert f"disk limps ({kind})" in problems
    assert troubles["disk"] == sentence
    assert explains == (kind == "storage_unwritable")


def status_of(journal_id: str | None, position: int) -> bytes:
    """What an ingest elsewhere says of itself."""
    counts = dict.fromkeys(("messages", "accepted", "rejected", "media", "received_per_s", "lag_s"), 0)
    reported = {"time": NOW, "started": NOW, "state": "running", "position": position, "journal_id": journal_id}
    return IngestStatus.model_validate({**reported, **counts}).to_bytes()


HUB_QUESTIONS = (
    "/api/v1/sites",
    "/api/v1/health/devices",
    "/api/v1/dashboard/DEMO",
    "/api/v1/events",
    "/api/v1/alerts",
    "/api/v1/timeline/DEMO",
    "/api/v1/sites/DEMO/devices",
)


@pytest.mark.parametrize(
    ("is_empty", "why"),
    [(True, "is empty, and ingest writes position 77"), (False, "is not the one that ingest writes")],
)
def test_a_gateway_with_another_data_directory_says_so_instead_of_showing_an_empty_hub(
    tmp_path: Path, is_empty: bool, why: str
) -> None:
    with ExitStack() as stack:
        if not is_empty:
            stack.enter_context(Filled(tmp_path)).append(*a_busy_morning()).fold()
        started = stack.enter_context(Started(hub_of(tmp_path)))
        client = stack.enter_context(started.client())
        started.gateway.readiness.take_ingest_status(status_of("abc", 77))
        ready = client.get("/ready")
        answers = {path: client.get(path) for path in HUB_QUESTIONS}
        system = client.get("/api/v1/system")
        detail = [one["detail"] for one in system.json()["troubles"] if one["part"] == "journal"]

    assert "journal" in [one["path"] for one in ready.json()["errors"]]
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(HUB_QUESTIONS, 503)
    assert all(why in answer.json()["detail"] for answer in answers.values())
    assert system.status_code == 200
    assert why in detail[0]


def test_a_gateway_with_the_journal_of_its_ingest_answers(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.append(*a_busy_morning()).fold()
        with closing(SqliteStore(tmp_path / "journal").reader()) as reader:
            mine = journal_id_text(reader.journal_id())
        with Started(filled.hub) as started, started.client() as client:
            started.gateway.readiness.take_ingest_status(status_of(mine, filled.head))
            client.get("/ready")

            assert client.get("/api/v1/sites").status_code == 200
