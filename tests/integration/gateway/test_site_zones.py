"""Devices that go by another zone or other names than their site are sent them, and people see which they are."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from gateway import place_sender
from producer.broker import BrokerAddress
from tests import builders
from tests.broker import Broker
from tests.eventually import eventually
from tests.integration.gateway.peer import Peer
from tests.integration.gateway.started import Filled, Started

SITE = "/api/v1/sites/DEMO"
COMMANDS = "watchpost/v1/DEMO/+/command/settings"
BERLIN, HAVANA = "Europe/Berlin", "America/Havana"


def reports(device: str, zone: str | None, **names: str) -> Any:
    return builders.settings(device=device, settings={"place": {"time_zone": zone, **names}})


@contextmanager
def hub(tmp_path: Path, broker: Broker) -> Iterator[tuple[Filled, httpx.Client]]:
    with (
        Filled(tmp_path) as filled,
        Started(filled.hub, BrokerAddress(port=broker.port)) as started,
        started.client() as client,
    ):
        eventually(lambda: started.gateway.bus.is_connected)
        yield filled, client


def others(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"{SITE}/registration").json()["other_zones"]
    return found


def sent(peer: Peer) -> list[dict[str, Any]]:
    return [json.loads(one) for one in peer.received]


def test_a_device_is_sent_the_zone_of_its_site_until_it_reports_it(tmp_path: Path, broker: Broker) -> None:
    with Peer(broker, COMMANDS) as peer, hub(tmp_path, broker) as (filled, client):
        filled.append(reports("yard", HAVANA), builders.settings(device="gate")).fold()
        asked = eventually(lambda: sent(peer))
        behind = others(client)
        filled.append(reports("yard", BERLIN)).fold()
        eventually(lambda: others(client) == [])
        filled.append(builders.registry(device=None, time_zone="Asia/Tokyo")).fold()
        again = eventually(lambda: sent(peer)[len(asked) :])

    assert [(one["settings"], one["by"]) for one in asked] == [({"place": {"time_zone": BERLIN}}, "hub")]
    assert behind == [{"device": "yard", "time_zone": HAVANA}]
    assert [one["settings"] for one in again] == [{"place": {"time_zone": "Asia/Tokyo"}}]


def test_a_device_that_knows_of_names_is_sent_those_that_people_gave(tmp_path: Path, broker: Broker) -> None:
    said = {"site_name": "North", "device_name": "Yard 1"}
    with Peer(broker, COMMANDS) as peer, hub(tmp_path, broker) as (filled, client):
        filled.append(reports("gate", BERLIN), reports("yard", BERLIN, site_name="Old", device_name="yard"))
        filled.append(builders.registry(device=None, name="North"), builders.registry(name="Yard 1")).fold()
        [asked] = eventually(lambda: sent(peer))
        behind = others(client)
        filled.append(reports("yard", BERLIN, **said)).fold()

    assert asked["settings"] == {"place": {"time_zone": BERLIN, **said}}
    assert behind == []


def test_a_device_that_refuses_the_zone_is_not_asked_all_the_time(
    tmp_path: Path, broker: Broker, monkeypatch: Any
) -> None:
    monkeypatch.setattr(place_sender, "ROUND_S", 0.05)
    monkeypatch.setattr(place_sender, "SEND_AGAIN_S", 0.05)
    refusal = {"name": "settings", "state": "failed", "detail": "its time zones are too old"}

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        return {**refusal, "request_id": request["request_id"]}

    with Peer(broker, COMMANDS, answer) as peer, hub(tmp_path, broker) as (filled, client):
        filled.append(reports("yard", HAVANA), reports("gate", None)).fold()
        eventually(lambda: len(sent(peer)) == 2)
        filled.append(builders.tick()).fold()
        behind = others(client)
        asked = {json.dumps(one["settings"]) for one in sent(peer)}
        count = len(sent(peer))

    assert (count, len(asked)) == (2, 1)
    assert {one["device"]: one["time_zone"] for one in behind} == {"yard": HAVANA, "gate": None}


def test_nobody_gives_one_device_a_zone_of_its_own(tmp_path: Path, broker: Broker) -> None:
    with hub(tmp_path, broker) as (filled, client):
        filled.append(reports("yard", BERLIN)).fold()
        answer = client.put(f"{SITE}/devices/yard/settings", json={"place": {"time_zone": HAVANA}})
        read = client.get(f"{SITE}/devices/yard/settings").json()

    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "the body does not fit: place: a device goes by the time zone of its site: PATCH /api/v1/sites/DEMO with it"
    )
    assert read["place"] == {"time_zone": BERLIN, "site_name": None, "device_name": None}
