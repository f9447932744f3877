"""Notes over a real broker: made, changed, removed, restored and searched."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bus_schemas.codec import decode
from bus_schemas.event import Event
from producer.broker import BrokerAddress
from tests import builders
from tests.broker import Broker
from tests.eventually import eventually
from tests.integration.gateway.peer import Peer
from tests.integration.gateway.started import Filled, Started

NOTES = "/api/v1/annotations"
NOTE = {"site": "DEMO", "devices": ["yard"], "start": "2026-01-05T10:00:00Z", "text": "Gate open", "by": "ada"}


class Notes:
    """The gateway with an ingest beside it, as far as notes are concerned."""

    def __init__(self, filled: Filled, peer: Peer, client: httpx.Client) -> None:
        self._filled = filled
        self._peer = peer
        self.client = client

    def write(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        """What is answered once the event is in the journal."""
        answers: list[httpx.Response] = []
        before = len(self._peer.received)
        asking = threading.Thread(target=lambda: answers.append(self.client.request(method, path, json=body)))
        asking.start()
        eventually(lambda: len(self._peer.received) > before or answers)
        for payload in self._peer.received[before:]:
            self._filled.append(*(event for event in decode(payload) if isinstance(event, Event))).fold()
        asking.join()
        return answers[0]

    def found(self, **query: str) -> list[str]:
        return [one["text"] for one in self.client.get(NOTES, params=query).json()["annotations"]]

    @property
    def events(self) -> int:
        return len(self._peer.received)


@pytest.fixture
def notes(tmp_path: Path, broker_of_module: Broker) -> Iterator[Notes]:
    with Filled(tmp_path) as filled:
        filled.append(builders.health(), builders.tick(builders.at(1))).fold()
        with (
            Started(filled.hub, BrokerAddress(port=broker_of_module.port)) as started,
            Peer(broker_of_module, "watchpost/v1/DEMO/_gateway/event/annotation") as peer,
            started.client() as client,
        ):
            eventually(lambda: started.gateway.bus.is_connected)
            yield Notes(filled, peer, client)


@pytest.fixture(scope="module")
def broker_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


def test_a_note_is_made_changed_removed_and_restored_by_events(notes: Notes) -> None:
    made = notes.write("POST", NOTES, NOTE)
    path = f"{NOTES}/{made.json()['id']}"
    changed = notes.write("PATCH", path, {"by": "eve", "text": "Gate closed", "end": "2026-01-05T10:05:00Z"}).json()
    removed = notes.write("POST", f"{path}/remove", {"by": "eve"}).json()
    while_removed = notes.found()
    again = notes.write("POST", f"{path}/remove", {"by": "eve"}).json()
    restored = notes.write("POST", f"{path}/restore", {"by": "ada"}).json()

    assert made.status_code == 201
    assert (made.json()["start"], made.json()["end"]) == ("2026-01-05T10:00:00.000Z", "2026-01-05T10:00:00.000Z")
    assert (changed["text"], changed["by"], changed["changed_by"]) == ("Gate closed", "ada", "eve")
    assert changed["end"] == "2026-01-05T10:05:00.000Z"
    assert (removed["removed"], again["removed"], restored["removed"]) == (True, True, False)
    assert while_removed == []
    assert notes.found() == ["Gate closed"]
    assert notes.events == 4


def test_notes_are_searched_by_text_and_place(notes: Notes) -> None:
    notes.write("POST", NOTES, NOTE)
    notes.write("POST", NOTES, {**NOTE, "devices": [], "text": "All lights out"})

    assert notes.found(text="LIGHT") == ["All lights out"]
    assert sorted(notes.found(site="DEMO", device="yard")) == ["All lights out", "Gate open"]
    assert notes.found(**{"from": "2026-01-05T10:00:01Z"}) == []


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({**NOTE, "site": "NOWHERE"}, 404, "there is no site 'NOWHERE'"),
        ({**NOTE, "devices": ["yard", "none"]}, 404, "there is no device 'none' in site 'DEMO'"),
        ({**NOTE, "end": "2026-01-05T09:00:00Z"}, 400, "end must not be before start"),
        ({**NOTE, "text": "  "}, 400, "text"),
        ({**NOTE, "colour": "orange"}, 400, "colour"),
        ({**NOTE, "start": "2026-01-05T10:00:00"}, 400, "start"),
        ({**NOTE, "by": ""}, 400, "by"),
    ],
)
def test_a_note_that_does_not_fit_is_refused_with_a_sentence(
    notes: Notes, body: dict[str, Any], status: int, sentence: str
) -> None:
    answer = notes.client.post(NOTES, json=body)

    assert answer.status_code == status
    assert sentence in answer.json()["detail"]
    assert notes.events == 0


def test_a_note_that_nobody_made_is_not_found(notes: Notes) -> None:
    assert notes.client.get(f"{NOTES}/none").status_code == 404
    assert notes.client.patch(f"{NOTES}/none", json={"by": "ada", "text": "x"}).status_code == 404
