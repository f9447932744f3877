"""Trials over HTTP: asked for, run in a process of their own, looked at, cancelled, and nothing live is touched."""

import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest

from bus_schemas.event import Event
from consumers.alerting.rules import RULE_VERSION
from consumers.alerting.what_if import files
from consumers.alerting.what_if.trial import TrialRequest
from consumers.store.journal.reader import SqliteJournalReader
from producer.broker import BrokerAddress
from tests import builders
from tests.broker import Broker
from tests.builders import at
from tests.eventually import eventually
from tests.integration.gateway.peer import Peer
from tests.integration.gateway.started import NOW, Filled, Started
from tests.live_journal import with_alerting

COMMAND = (sys.executable, "-m", "watchpost", "run-trial")
SPAN = {"since": "2026-01-05T10:00:00Z", "until": "2026-01-05T10:09:00Z"}


def warm_minutes() -> Iterator[Event]:
    """Ten minutes in which the yard is at 60 °C for one and at 90 °C for another; the gate is away."""
    for second in range(0, 600, 5):
        yield builders.tick(at(second), uptime_s=float(second))
        hottest = 60.0 if 120 <= second < 180 else 90.0 if 450 <= second < 510 else 40.0
        yield builders.thermal(at(second), hottest=hottest)


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every test begins with, folded once."""
    data = tmp_path_factory.mktemp("folded")
    with Filled(data) as filled:
        for received, event in with_alerting((one.time, one) for one in warm_minutes()):
            filled.append(event, received=received)
        filled.fold()
    return data


@pytest.fixture
def filled(folded: Path, tmp_path: Path) -> Iterator[Filled]:
    with Filled(copytree(folded, tmp_path / "data", symlinks=True)) as filled:
        yield filled.fold()


@pytest.fixture(scope="module")
def refusing(folded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A gateway of which nothing is asked that it does."""
    data = copytree(folded, tmp_path_factory.mktemp("refusing") / "data", symlinks=True)
    with Filled(data) as filled, Started(filled.hub, trial_command=COMMAND) as started, started.client() as client:
        yield client


@pytest.fixture
def started(filled: Filled) -> Iterator[Started]:
    with Started(filled.hub, trial_command=COMMAND) as started:
        yield started


@pytest.fixture
def client(started: Started) -> Iterator[httpx.Client]:
    with started.client() as client:
        yield client


def ended(client: httpx.Client, trial_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        reported: dict[str, Any] = client.get(f"/api/v1/trials/{trial_id}").json()
        return reported if reported["state"] != "running" else None

    return eventually(look)


def tried(client: httpx.Client, **wanted: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/trials", json={**SPAN, **wanted})
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "running"
    return ended(client, answer.json()["id"])


def test_the_rules_in_force_raise_what_was_raised(client: httpx.Client) -> None:
    reported = tried(client)

    assert reported["state"] == "done"
    assert reported["counts"] == {"raised": 2, "both": 2, "only_trial": 0, "only_live": 0}
    assert sorted(one["type"] for one in reported["raised"]) == ["device_offline", "hot_spot"]
    assert reported["both"] == reported["raised"]
    assert all(one["live"] == one["id"] for one in reported["both"])


def test_a_lower_threshold_raises_more(client: httpx.Client) -> None:
    reported = tried(client, rules={"hot_spot_c": 55})

    assert reported["counts"] == {"raised": 3, "both": 2, "only_trial": 1, "only_live": 0}
    (more,) = reported["only_trial"]
    assert (more["type"], more["site"], more["device"]) == ("hot_spot", "DEMO", "yard")
    assert (more["opened"], more["closed"]) == ("2026-01-05T10:02:00.000Z", "2026-01-05T10:03:30.000Z")
    assert more["details"]["max_temp"] == 60.0
    assert (reported["rules"], reported["rule_set"]["raise_window_s"]) == ({"hot_spot_c": 55.0}, 30.0)


def test_what_is_not_raised_any_more_is_only_live(client: httpx.Client) -> None:
    reported = tried(client, rules={"offline_after_s": 86_400})

    (missed,) = reported["only_live"]
    assert (missed["type"], missed["device"], missed["closed"]) == ("device_offline", "gate", None)
    assert reported["counts"] == {"raised": 1, "both": 1, "only_trial": 0, "only_live": 1}


def test_media_that_are_not_kept_leave_the_events_as_they_were(client: httpx.Client) -> None:
    reported = tried(client, analysis=True, settings={"picture": {"black_percentage": 50}})

    assert (reported["state"], reported["analysis_version"]) == ("done", "picture 4, thermal 5")
    assert (reported["analysed"], reported["media_gone"]) == (0, 120)
    assert reported["counts"]["both"] == 2


def test_a_trial_that_runs_is_seen_and_cancelled_and_no_second_one_begins(filled: Filled, client: httpx.Client) -> None:
    asked = TrialRequest.model_validate(
        {"id": "held", "created": NOW, "by": "ada", "since": at(0), "until": at(9), "rule_set": {}, "rule_version": 1,
         "product": "test"}
    )  # fmt: skip
    lock = files.TrialLock(filled.hub.data, asked.id)
    files.create(filled.hub.data, asked)
    second = client.post("/api/v1/trials", json=SPAN)
    before = client.get("/api/v1/trials/held").json()
    cancelled = client.delete("/api/v1/trials/held").json()
    after = client.get("/api/v1/trials/held").json()
    lock.close()

    assert (second.status_code, second.json()["detail"]) == (409, "the trial held is running; they run one at a time")
    assert (before["state"], before["raised"]) == ("running", [])
    assert cancelled == {"id": "held", "state": "cancelled"}
    assert (after["state"], after["counts"]["raised"]) == ("cancelled", 0)


def test_a_trial_whose_process_is_gone_is_interrupted(filled: Filled, client: httpx.Client) -> None:
    asked = TrialRequest.model_validate(
        {"id": "gone", "created": NOW, "by": "ada", "since": at(0), "until": at(9), "rule_set": {}, "rule_version": 1,
         "product": "test"}
    )  # fmt: skip
    lock = files.TrialLock(filled.hub.data, asked.id)
    files.create(filled.hub.data, asked)
    lock.close()

    (listed,) = client.get("/api/v1/trials").json()["trials"]
    assert (listed["id"], listed["state"]) == ("gone", "interrupted")
    assert tried(client)["state"] == "done"
    assert client.delete("/api/v1/trials/gone").json()["state"] == "removed"


def test_a_trial_ends_with_its_gateway(filled: Filled) -> None:
    events = [builders.tick(at(600 + second), uptime_s=600.0 + second) for second in range(30_000)]
    filled.append(*events)
    with Started(filled.hub, trial_command=COMMAND) as started, started.client() as client:
        asked = client.post("/api/v1/trials", json=SPAN).json()
        child = started.gateway.trials.child
        assert child is not None
        eventually(lambda: client.get(f"/api/v1/trials/{asked['id']}").json()["progress"] > 0)

    assert child.poll() is not None
    with Started(filled.hub) as started, started.client() as client:
        assert client.get(f"/api/v1/trials/{asked['id']}").json()["state"] in ("interrupted", "done")


def test_trials_are_listed_newest_first_and_removed(client: httpx.Client) -> None:
    first, second = tried(client, by="ada"), tried(client, rules={"hot_spot_c": 55}, site="DEMO")
    listed = client.get("/api/v1/trials").json()["trials"]

    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    assert [one["progress"] for one in listed] == [1.0, 1.0]
    by_id = {one["id"]: one for one in listed}
    assert (by_id[first["id"]]["by"], by_id[second["id"]]["site"]) == ("ada", "DEMO")
    assert client.delete(f"/api/v1/trials/{first['id']}").json() == {"id": first["id"], "state": "removed"}
    assert client.get(f"/api/v1/trials/{first['id']}").status_code == 404
    assert client.delete(f"/api/v1/trials/{first['id']}").status_code == 404


def test_nothing_live_is_touched(filled: Filled, started: Started, client: httpx.Client) -> None:
    before, head = contents(filled.hub.data), filled.head
    tried(client, rules={"hot_spot_c": 55})

    assert contents(filled.hub.data) == before
    journal = SqliteJournalReader(filled.hub.data / "journal")
    assert journal.head() == head
    journal.close()
    assert not started.gateway.bus.is_connected


def test_nothing_is_published(filled: Filled, own_broker: Broker) -> None:
    address = BrokerAddress(port=own_broker.port)
    with Started(filled.hub, address, trial_command=COMMAND) as started, Peer(own_broker, "#") as listener:
        eventually(lambda: started.gateway.bus.is_connected)
        with started.client() as client:
            reported = tried(client, rules={"hot_spot_c": 55})
        listener.client.publish("end/of/test", b"heard", qos=1)
        eventually(lambda: listener.received)

    assert reported["counts"]["only_trial"] == 1
    # That the gateway runs without faults is said by the clock.
    assert [one for one in listener.received if b'"process"' not in one] == [b"heard"]


def contents(data: Path) -> dict[str, bytes]:
    files = [*(data / "views").glob("*.sqlite"), *(data / "views").glob("*-wal"), *(data / "journal").glob("*.sqlite*")]
    return {file.name: file.read_bytes() for file in files if not file.name.endswith("-shm")}


@pytest.mark.parametrize(
    ("wanted", "detail"),
    [
        ({"rules": {"hot_spt_c": 75}}, "rules: there is no rule 'hot_spt_c'; did you mean 'hot_spot_c'?"),
        ({"rules": {"hot_spot_c": "hot"}}, "rules: hot_spot_c is a number from -40 to 1000 °C, not 'hot'"),
        ({"rules": {"hot_spot_c": True}}, "rules: hot_spot_c is a number from"),
        ({"rules": {"hot_spot_c": 10**400}}, "rules: hot_spot_c is a number from"),
        ({"rules": {"x" * 5000: 1}}, "rules: there is no rule 'xxx"),
        ({"rules": {"raise_share": 1.5}}, "rules: raise_share is a number from 0.01 to 1, not '1.5'"),
        ({"rules": {"storage_low_percent": 99}}, "rules: storage_low_percent (99) must not be above"),
        ({"until": SPAN["since"]}, "since must be before until"),
        ({"since": "2026-02-01T00:00:00Z", "until": "2026-02-02T00:00:00Z"}, "is in the future"),
        ({"rule": {}}, "rule: "),
        ({"settings": {"picture": {}}}, "settings are those of an analysis"),
        ({"analysis": True, "settings": {"picture": {"black": 3}}}, "settings.picture.black: "),
    ],
)
def test_what_cannot_be_tried_is_refused_with_the_reason(
    refusing: httpx.Client, wanted: dict[str, Any], detail: str
) -> None:
    answer = refusing.post("/api/v1/trials", json={**SPAN, **wanted})

    assert answer.status_code == 400
    assert detail in answer.json()["detail"]
    assert refusing.get("/api/v1/trials").json() == {"trials": []}


def test_a_site_that_nobody_knows_is_404(refusing: httpx.Client) -> None:
    assert refusing.post("/api/v1/trials", json={**SPAN, "site": "NOWHERE"}).status_code == 404


def test_the_rules_in_force_are_told_with_their_bounds(refusing: httpx.Client) -> None:
    reported = refusing.get("/api/v1/rules").json()

    assert reported["version"] == RULE_VERSION
    assert reported["sentences"]["audio_loss"].endswith("Over after 5 s with audio.")
    hot = next(one for one in reported["rules"] if one["name"] == "hot_spot_c")
    assert (hot["value"], hot["unit"], hot["minimum"], hot["maximum"]) == (80.0, "°C", -40.0, 1000.0)
    assert len(reported["rules"]) == 20


def test_who_has_no_token_asks_for_nothing(filled: Filled) -> None:
    token = "correct-horse-battery"
    signed = {"Authorization": f"Bearer {token}"}
    with Started(filled.hub, token=token, trial_command=COMMAND) as started, started.client() as client:
        assert client.post("/api/v1/trials", json=SPAN).status_code == 401
        assert client.get("/api/v1/trials", headers=signed).json() == {"trials": []}


def test_a_gateway_that_was_not_told_how_runs_none(filled: Filled) -> None:
    with Started(filled.hub) as started, started.client() as client:
        answer = client.post("/api/v1/trials", json=SPAN)

    assert (answer.status_code, answer.json()["detail"]) == (503, "this gateway runs no trials")
