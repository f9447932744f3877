"""Holds over a real broker: placed on what is there, and on what was deleted before."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from bus_schemas.codec import decode
from bus_schemas.event import Event
from producer.broker import BrokerAddress
from tests.broker import Broker
from tests.builders import at, retention, segment, state, tick
from tests.eventually import eventually
from tests.integration.gateway.peer import Peer
from tests.integration.gateway.started import Filled, Started

HOLDS = "/api/v1/holds"
ASKED = {"site": "DEMO", "start": "2026-01-05T10:00:00Z", "end": "2026-01-05T10:10:00Z", "reason": "Court", "by": "ada"}

Place = Callable[[dict[str, Any]], dict[str, Any]]


def recorded() -> list[Event]:
    """Two cameras, ten minutes of each; the first five of one of them are deleted."""
    segments = [segment(at(second), device=device) for second in range(0, 600, 10) for device in ("yard", "gate")]
    gone = retention(at(600), kind="segment", rule="segment: kept for 24 h", device="yard", start=at(0), end=at(300))
    return [state(at(0)), *segments, gone, tick(at(610))]


@pytest.fixture(scope="module")
def broker_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Of this module alone: on the one that all share stands which journal the ingest of another test wrote."""
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, broker_of_module: Broker) -> Iterator[Place]:
    with (
        Filled(tmp_path_factory.mktemp("data")) as filled,
        placing(filled.append(*recorded()).fold(), broker_of_module) as place,
    ):
        yield place


@contextmanager
def placing(filled: Filled, broker: Broker) -> Iterator[Place]:
    with (
        Started(filled.hub, BrokerAddress(port=broker.port)) as started,
        Peer(broker, "watchpost/v1/DEMO/_gateway/event/hold") as peer,
        started.client() as client,
    ):

        def place(body: dict[str, Any]) -> dict[str, Any]:
            answers: list[httpx.Response] = []
            before = len(peer.received)
            asking = threading.Thread(target=lambda: answers.append(client.post(HOLDS, json=body)))
            asking.start()
            eventually(lambda: len(peer.received) > before or answers)
            for payload in peer.received[before:]:
                filled.append(*(event for event in decode(payload) if isinstance(event, Event))).fold()
            asking.join()
            assert answers[0].status_code == 201, answers[0].text
            found: dict[str, Any] = answers[0].json()
            return found

        yield place


def test_a_hold_on_what_is_there_has_lost_nothing(place: Place) -> None:
    held = place({**ASKED, "devices": ["gate"]})

    assert (held["devices"], held["dropped_s"]) == (["gate"], 0)


def test_a_hold_says_how_much_of_its_range_was_deleted_before(place: Place) -> None:
    held = place({**ASKED, "devices": ["yard"]})

    assert held["dropped_s"] == pytest.approx(300)


def test_a_hold_on_a_site_counts_what_was_deleted_of_each_of_its_cameras(place: Place) -> None:
    held = place(ASKED)

    assert (held["devices"], held["dropped_s"]) == ([], pytest.approx(300))


def test_what_was_deleted_outside_of_its_range_does_not_count(place: Place) -> None:
    held = place({**ASKED, "devices": ["yard"], "start": "2026-01-05T10:04:00Z"})

    assert held["dropped_s"] == pytest.approx(60)
