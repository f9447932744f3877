"""The registry over HTTP, with a real broker and a real ingest: added, renamed, retired, brought back, and refused."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.topics import event_topic
from consumers.engine.follower import ConsumerContext, Follower
from consumers.ingest.run import run
from consumers.registry import CONSUMERS
from consumers.store.journal.reader import SqliteJournalReader
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.mqtt import MqttClient
from tests import builders
from tests.broker import Broker
from tests.eventually import eventually
from tests.integration.gateway.started import CONFIGURED, Started, hub_of

DEVICES = "/api/v1/sites/DEMO/devices"
DOOR = f"{DEVICES}/door"


@dataclass
class Hub:
    client: httpx.Client
    broker: BrokerAddress
    device: MqttClient

    def say(self, event: Event) -> None:
        """As a foreign device does."""
        name = event.type.split(".")[1]
        self.device.publish(event_topic(event.source, name), to_bytes(event), qos=1).wait_for_publish(5)

    def names(self) -> dict[str, str]:
        return {one["device"]: one["name"] for one in self.client.get(DEVICES).json().get("devices", ())}


@contextmanager
def following(data: Path) -> Iterator[None]:
    """Registry and health, folded as a process of consumers would."""
    stopping = threading.Event()

    def follow() -> None:
        context = ConsumerContext(data, SqliteJournalReader(data / "journal"), utc_now)
        followers = [Follower(CONSUMERS[name](hub_of(data)), context) for name in ("registry", "health")]  # type: ignore[arg-type]  # these two are projections
        while not stopping.wait(0.02):
            for follower in followers:
                follower.advance()
        for follower in followers:
            follower.close()
        context.journal.close()

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


@pytest.fixture
def hub(tmp_path: Path, own_broker: Broker) -> Iterator[Hub]:
    address, stopping = BrokerAddress(port=own_broker.port), threading.Event()
    ingest = threading.Thread(
        target=run, args=(tmp_path, address, stopping), kwargs={"configured": CONFIGURED}, name="ingest"
    )
    ingest.start()
    device = MqttClient(address, "door")
    device.connect("127.0.0.1", own_broker.port)
    device.loop_start()
    try:
        with (
            following(tmp_path),
            Started(hub_of(tmp_path), address, clock=utc_now) as started,
            started.client() as client,
        ):
            eventually(lambda: started.gateway.bus.is_connected)
            hub = Hub(client, address, device)
            eventually(lambda: client.get("/api/v1/sites").status_code == 200 and "gate" in hub.names(), 20)
            yield hub
    finally:
        device.disconnect()
        device.loop_stop()
        stopping.set()
        ingest.join()


def test_a_foreign_device_is_added_renamed_retired_and_brought_back(hub: Hub) -> None:
    added = hub.client.post(DEVICES, json={"device": "door", "name": "Door", "silent_after_s": 86_400, "by": "ada"})
    assert (added.status_code, hub.names()["door"]) == (201, "Door")
    again = hub.client.post(DEVICES, json={"device": "door"})
    assert (again.status_code, again.json()["detail"]) == (
        409, "there is a device 'door' in site 'DEMO' already; PATCH it to change it",
    )  # fmt: skip

    renamed = hub.client.patch(DOOR, json={"name": "North door", "expects": "heartbeat"})
    assert (renamed.status_code, hub.names()["door"]) == (200, "North door")
    door = hub.client.get(DOOR).json()
    assert (door["expects"], door["silent_after_s"], door["registered"], door["retired"]) == (
        "heartbeat", 86_400, True, False,
    )  # fmt: skip

    assert hub.client.delete(DOOR).json()["retired"] is True
    assert "door" not in hub.names()
    [retired] = hub.client.get(DEVICES).json()["retired"]
    assert (retired["name"], retired["by"], retired["heard_again"]) == ("North door", "page", None)
    assert hub.client.get(DOOR).json()["retired"] is True

    assert hub.client.patch(DOOR, json={"retired": False}).status_code == 200
    assert hub.names()["door"] == "North door"


def test_a_retired_device_that_is_heard_again_is_shown_as_such_and_not_back(hub: Hub) -> None:
    hub.say(builders.detection(utc_now(), device="door"))
    eventually(lambda: "door" in hub.names())
    hub.client.delete(DOOR)
    hub.say(builders.detection(utc_now(), device="door"))

    def heard_again() -> Any:
        return hub.client.get(DEVICES).json()["retired"][0]["heard_again"]

    eventually(heard_again)
    assert "door" not in hub.names()


def test_file_and_page_are_both_shown_where_they_disagree(hub: Hub) -> None:
    gate = f"{DEVICES}/gate"
    hub.client.patch(gate, json={"name": "Main gate", "by": "ada"})

    found = hub.client.get(f"{gate}/registration").json()
    settings = {one["name"]: one for one in found["settings"]}
    assert (found["name"], settings["name"]["in_force"]["by"]) == ("Main gate", "ada")
    assert settings["name"]["in_force"]["origin"] == "page"
    assert (settings["name"]["configured"]["value"], settings["kinds"]["configured"]) == ("Gate", None)


def test_a_device_of_a_retired_site_is_neither_added_nor_brought_back(hub: Hub) -> None:
    hub.client.delete("/api/v1/sites/DEMO")
    answers = [
        hub.client.post(DEVICES, json={"device": "door"}),
        hub.client.post(DEVICES, json={"device": "gate"}),
        hub.client.patch(f"{DEVICES}/gate", json={"retired": False}),
    ]
    hub.client.patch("/api/v1/sites/DEMO", json={"retired": False})

    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (409, "the site 'DEMO' is retired, with its devices: PATCH it with retired false first")
    }
    assert hub.client.post(DEVICES, json={"device": "door"}).json()["retired"] is False


def test_a_site_is_added_renamed_and_retired(hub: Hub) -> None:
    added = hub.client.post("/api/v1/sites", json={"site": "ANNEX", "time_zone": "Asia/Tokyo"})
    assert added.status_code == 201
    hub.client.patch("/api/v1/sites/ANNEX", json={"name": "The annex"})

    [_, annex] = hub.client.get("/api/v1/sites").json()["sites"]
    assert (annex["name"], annex["time_zone"]) == ("The annex", "Asia/Tokyo")

    hub.client.delete("/api/v1/sites/ANNEX")
    answer = hub.client.get("/api/v1/sites").json()
    assert [one["site"] for one in answer["sites"]] == ["DEMO"]
    assert [one["site"] for one in answer["retired"]] == ["ANNEX"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "sentence"),
    [
        ("PATCH", f"{DEVICES}/nobody", {"name": "x"}, 404, "there is no device 'nobody' in site 'DEMO'"),
        ("PATCH", f"{DEVICES}/gate", {}, 400, "names nothing that is to be changed"),
        ("PATCH", f"{DEVICES}/gate", {"name": "  "}, 400, "name: "),
        ("PATCH", f"{DEVICES}/gate", {"colour": "red"}, 400, "colour: "),
        ("PATCH", f"{DEVICES}/gate", {"silent_after_s": -1}, 400, "silent_after_s: "),
        ("PATCH", f"{DEVICES}/gate", {"expects": "flowers"}, 400, "expects: "),
        ("POST", DEVICES, {"device": "_hub"}, 400, "'_hub' is the hub's own name"),
        ("POST", "/api/v1/sites", {"site": "X", "time_zone": "Mars/Olympus"}, 400, "is no IANA time zone"),
        ("POST", "/api/v1/sites/NOWHERE/devices", {"device": "x"}, 404, "there is no site 'NOWHERE'"),
        ("DELETE", "/api/v1/sites/NOWHERE", None, 404, "there is no site 'NOWHERE'"),
    ],
)
def test_what_cannot_be_set_is_refused_with_a_sentence(
    hub: Hub, method: str, path: str, body: dict[str, Any] | None, status: int, sentence: str
) -> None:
    answer = hub.client.request(method, path, json=body)

    assert answer.status_code == status
    assert sentence in answer.json()["detail"]


def test_of_those_who_add_one_name_at_once_one_has_added_it(hub: Hub) -> None:
    """The others would believe that theirs is there, under a name that somebody else has given."""

    def add(number: int) -> tuple[int, int]:
        site = hub.client.post("/api/v1/sites", json={"site": "NEW", "name": f"Name {number}"})
        device = hub.client.post(DEVICES, json={"device": "window", "name": f"Name {number}"})
        return site.status_code, device.status_code

    with ThreadPoolExecutor(4) as pool:
        sites, devices = zip(*pool.map(add, range(4)), strict=True)

    assert sorted(sites) == sorted(devices) == [201, 409, 409, 409]
