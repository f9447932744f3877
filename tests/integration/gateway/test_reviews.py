"""Incidents over a real broker: reviewed in bulk and undone, searched, explained with pictures; and muted."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bus_schemas.codec import decode
from bus_schemas.event import Event, iso
from gateway.routes.views.incidents import ENTRIES_LISTED
from gateway.routes.views.reviews import MOST_SAID
from producer.broker import BrokerAddress
from tests import builders
from tests.broker import Broker
from tests.builders import at, frame
from tests.eventually import eventually
from tests.integration.gateway.peer import Peer
from tests.integration.gateway.started import NOW, Filled, Started, pictures

REVIEWS, MUTES = "/api/v1/incident-reviews", "/api/v1/mutes"
UNTIL = iso(at(4000))


class Hub:
    """The gateway with an ingest beside it, as far as reviews and mutes are concerned."""

    def __init__(self, filled: Filled, peer: Peer, client: httpx.Client) -> None:
        self.filled = filled
        self.client = client
        self._peer = peer

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """What is answered once the event is in the journal."""
        answers: list[httpx.Response] = []
        before = len(self._peer.received)
        asking = threading.Thread(target=lambda: answers.append(self.client.post(path, json={"by": "ada", **body})))
        asking.start()
        eventually(lambda: len(self._peer.received) > before or answers)
        for payload in self._peer.received[before:]:
            self.filled.append(*(event for event in decode(payload) if isinstance(event, Event))).fold()
        asking.join()
        return answers[0]

    def found(self, **query: str) -> list[str]:
        return [one["device"] for one in self.client.get("/api/v1/incidents", params=query).json()["incidents"]]

    def ids(self, **query: str) -> list[str]:
        return [one["id"] for one in self.client.get("/api/v1/incidents", params=query).json()["incidents"]]


@pytest.fixture(scope="module")
def broker_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Of this module alone: on the one that all share stands which journal the ingest of another test wrote."""
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def hub(tmp_path: Path, broker_of_module: Broker) -> Iterator[Hub]:
    with Filled(tmp_path) as filled:
        filled.append(*(builders.health(device=name) for name in ("yard", "gate")), builders.tick(at(1)))
        black = [frame(at(second), blackscreen=second < 40) for second in range(60)]
        frozen = [frame(at(second), freeze=True, device="gate") for second in range(31)]
        filled.store(*pictures()).append(*sorted((*black, *frozen), key=lambda event: event.time)).fold()
        with (
            Started(filled.hub, BrokerAddress(port=broker_of_module.port)) as started,
            Peer(broker_of_module, "watchpost/v1/DEMO/_gateway/event/+") as peer,
            started.client() as client,
        ):
            eventually(lambda: started.gateway.bus.is_connected)
            yield Hub(filled, peer, client)


def test_many_incidents_are_discarded_in_one_request_and_that_is_undone_in_one(hub: Hub) -> None:
    said = hub.post(REVIEWS, {"action": "discarded", "incidents": hub.ids(), "comment": "The power was off"})
    discarded = hub.found(review="discarded")
    undone = hub.post(f"{REVIEWS}/{said.json()['reviews'][0]}/undo", {"by": "eve"})

    assert said.status_code == 201
    assert [one["review"]["reason"] for one in said.json()["incidents"]] == ["The power was off"] * 2
    assert sorted(discarded) == ["gate", "yard"]
    assert [one["review"]["state"] for one in undone.json()["incidents"]] == ["open", "open"]
    assert undone.json()["incidents"][0]["review"]["entries"][0]["undone_by"] == "eve"


def test_what_was_said_of_many_incidents_is_taken_back_of_one_of_them(hub: Hub) -> None:
    [yard], ids = hub.ids(device="yard"), hub.ids()
    said = hub.post(REVIEWS, {"action": "reviewed", "incidents": ids}).json()["reviews"][0]
    foreign = hub.post(f"{REVIEWS}/{said}/undo", {"by": "eve", "incidents": ["nowhere"]})
    undone = hub.post(f"{REVIEWS}/{said}/undo", {"by": "eve", "incidents": [yard]})

    assert (foreign.status_code, "none that this was said of" in foreign.text) == (400, True)
    assert [(one["id"], one["review"]["state"], one["priority"]) for one in undone.json()["incidents"]] == [
        (yard, "open", 1)
    ]
    assert hub.found(review="reviewed") == ["gate"]


def test_incidents_are_found_by_what_people_said_by_the_name_of_a_device_and_by_words_for_a_type(hub: Hub) -> None:
    [gate] = hub.ids(device="gate")
    hub.post(REVIEWS, {"action": "commented", "incidents": [gate], "comment": "Eve cleans the LENS"})
    hub.post(REVIEWS, {"action": "assigned", "incidents": [gate], "assignee": "Mara"})

    assert hub.found(text="cleans the lens") == ["gate"]
    assert hub.found(text="mara") == ["gate"]
    assert hub.found(text="Yard") == ["yard"]
    assert hub.found(text="black screen") == hub.found(text="Picture black") == ["yard"]
    assert hub.found(text="submarine") == []
    assert hub.found(zone="Öl, oben links") == []
    assert hub.found(type="freeze", device="yard") == []


def test_an_incident_says_why_with_its_rule_its_events_its_pictures_and_its_review(hub: Hub) -> None:
    [yard] = hub.ids(device="yard")
    hub.post(REVIEWS, {"action": "reviewed", "incidents": [yard]})
    answer = hub.client.get(f"/api/v1/incidents/{yard}").json()

    assert answer["incident"]["review"]["state"] == "reviewed"
    assert answer["incident"]["details"]["blackscreen_percentage"] is not None
    assert answer["rule"]["text"].startswith("At least 80 % of the frames of 30 s were black.")
    assert [one["event"]["time"] for one in answer["events"]] == [iso(at(0)), iso(at(30))]
    parts = [one["part"] for one in answer["pictures"]]
    assert (parts[0], parts[-1]) == ("first", "last")
    assert hub.client.get(answer["pictures"][0]["url"]).content == b"thumbnail 0"
    [alert] = [one for one in hub.client.get("/api/v1/alerts").json()["alerts"] if one["incident"] == yard]
    assert answer["alert"] == alert["id"]


def test_the_review_of_an_incident_is_answered_as_of_a_moment(hub: Hub) -> None:
    [yard] = hub.ids(device="yard")
    hub.post(REVIEWS, {"action": "reviewed", "incidents": [yard]})

    before = hub.client.get(f"/api/v1/incidents/{yard}", params={"as_of": iso(at(599))}).json()
    assert before["incident"]["review"]["state"] == "open"


def test_the_figures_of_a_site(hub: Hub) -> None:
    hub.post(REVIEWS, {"action": "reviewed", "incidents": hub.ids(device="yard")})

    assert hub.client.get("/api/v1/incident-figures", params={"site": "DEMO"}).json() == {
        "open": 1, "closed": 1, "not_reviewed": 1, "without_alert": 0, "this_week": 2,
        "most_common": {"type": "blackscreen", "count": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"action": "reviewed", "incidents": ["nowhere"]}, 404, "there is no incident 'nowhere'"),
        ({"action": "reviewed", "incidents": []}, 400, "incidents"),
        ({"action": "discarded", "incidents": ["x"]}, 400, "discarded needs a comment"),
        ({"action": "commented", "incidents": ["x"], "comment": "  "}, 400, "comment"),
        ({"action": "reviewed", "incidents": ["x"], "assignee": "eve"}, 400, "assignee belongs to the action assigned"),
        ({"action": "undone", "incidents": ["x"]}, 400, "action"),
    ],
)
def test_a_review_that_cannot_be_says_why(hub: Hub, body: dict[str, Any], status: int, reason: str) -> None:
    answer = hub.client.post(REVIEWS, json={"by": "ada", **body})

    assert answer.status_code == status
    assert reason in answer.json()["detail"]


def test_no_more_is_said_of_an_incident_than_a_list_can_carry(hub: Hub) -> None:
    yard, gate = hub.ids(device="yard"), hub.ids(device="gate")
    said = [builders.review(at(600), "commented", incidents=yard, comment="x" * 3000) for _ in range(MOST_SAID)]
    hub.filled.append(*said).fold()
    refused = hub.post(REVIEWS, {"action": "reviewed", "incidents": [*gate, *yard]})
    taken = hub.post(REVIEWS, {"action": "reviewed", "incidents": gate})

    assert (refused.status_code, taken.status_code) == (409, 201)
    assert refused.json()["detail"] == "of an incident 500 things were said already, and no more are taken"


def test_a_mute_keeps_alerts_from_people_counts_and_lists_them_and_is_ended(hub: Hub) -> None:
    placed = hub.post(
        MUTES, {"site": "DEMO", "devices": ["yard"], "types": ["freeze"], "end": UNTIL, "reason": "Cleaning"}
    )
    frozen = [frame(at(second), freeze=True) for second in range(601, 640)]
    hub.filled.append(*frozen).fold()
    [listed] = hub.client.get(MUTES, params={"site": "DEMO", "over": "false"}).json()["mutes"]
    withheld = hub.client.get("/api/v1/incidents", params={"mute": listed["id"]}).json()["incidents"]
    alerts = [one["type"] for one in hub.client.get("/api/v1/alerts", params={"device": "yard"}).json()["alerts"]]
    ended = hub.post(f"{MUTES}/{listed['id']}/end", {"reason": "Done", "by": "eve"})

    assert placed.status_code == 201
    assert (listed["start"], listed["end"], listed["over"], listed["withheld"]) == (iso(NOW), UNTIL, False, 1)
    assert [(one["type"], one["suppressed"]) for one in withheld] == [("freeze", "mute")]
    assert "freeze" not in alerts
    assert (ended.json()["over"], ended.json()["ended_by"]) == (True, "eve")


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"end": iso(at(1))}, 400, "end must be after start, and to come"),
        ({"start": iso(at(900)), "end": iso(at(800))}, 400, "end must be after start"),
        ({"types": ["bad_mood"]}, 400, "there is no type of incident 'bad_mood'"),
        ({"devices": ["nobody"]}, 404, "there is no device 'nobody'"),
        ({"site": "NOWHERE"}, 404, "there is no site 'NOWHERE'"),
        ({"reason": ""}, 400, "reason"),
    ],
)
def test_a_mute_that_cannot_be_says_why(hub: Hub, body: dict[str, Any], status: int, reason: str) -> None:
    whole = {"site": "DEMO", "end": UNTIL, "reason": "Cleaning", "by": "ada", **body}
    answer = hub.client.post(MUTES, json=whole)

    assert answer.status_code == status
    assert reason in answer.json()["detail"]


def test_a_list_says_whether_there_is_an_incident_or_an_alert(hub: Hub) -> None:
    [yard] = hub.ids(device="yard")
    [alert] = hub.client.get("/api/v1/alerts", params={"device": "yard", "type": "blackscreen"}).json()["alerts"]

    assert (hub.ids(id=yard), hub.ids(id=yard, as_of=iso(at(10))), hub.ids(id="nobody")) == ([yard], [], [])
    for name, found in ((alert["id"], [alert["id"]]), ("nobody", [])):
        asked = hub.client.get("/api/v1/alerts", params={"id": name})
        assert (asked.status_code, [one["id"] for one in asked.json()["alerts"]]) == (200, found)


def test_what_is_not_there_is_a_404(hub: Hub) -> None:
    answers = [
        hub.client.get("/api/v1/incidents/nowhere"),
        hub.client.post(f"{REVIEWS}/nowhere/undo", json={"by": "ada"}),
        hub.client.post(f"{MUTES}/nowhere/end", json={"by": "ada", "reason": "Done"}),
    ]

    assert [one.status_code for one in answers] == [404] * 3


def test_why_nobody_was_alerted_names_what_was_missing_and_what_withheld_it(hub: Hub) -> None:
    faults = [frame(at(second), blackscreen=second < 535, freeze=540 <= second < 552) for second in range(500, 599)]
    hub.filled.append(*faults).fold()
    placed = hub.post(MUTES, {"site": "DEMO", "devices": ["yard"], "end": UNTIL, "reason": "Cleaning"}).json()
    why_not = "/api/v1/sites/DEMO/devices/{}/why-not"
    then = hub.client.get(why_not.format("yard"), params={"as_of": iso(at(545))}).json()
    now = hub.client.get(why_not.format("yard")).json()
    nobody = hub.client.get(why_not.format("nobody"))

    rules = {one["rule"]: one for one in then["rules"]}
    assert rules["freeze"]["missing"] == "Frozen for 12 s of 30 s; 24 s are needed."
    assert rules["freeze"]["incidents"] == []
    black = rules["blackscreen"]
    assert (black["outcome"], black["missing"], black["mute"]) == ("not_met", "No picture was black.", None)
    assert [(one["closed"], one["alert"] is None) for one in black["incidents"]] == [(iso(at(535)), False)]
    assert black["cool_down_until"] == iso(at(830))
    assert {one["mute"]["id"] for one in now["rules"]} == {placed["id"]}
    assert nobody.status_code == 404


def test_a_list_has_the_newest_that_was_said_and_the_incident_itself_all_of_it(hub: Hub) -> None:
    [yard] = hub.ids(device="yard")
    for number in range(ENTRIES_LISTED + 2):
        hub.post(REVIEWS, {"action": "commented", "incidents": [yard], "comment": f"comment {number}"})
    (listed,) = hub.client.get("/api/v1/incidents", params={"device": "yard"}).json()["incidents"]
    whole = hub.client.get(f"/api/v1/incidents/{yard}").json()["incident"]["review"]["entries"]

    assert [one["comment"] for one in whole] == [f"comment {number}" for number in range(ENTRIES_LISTED + 2)]
    assert listed["review"]["entries"] == whole[2:]
