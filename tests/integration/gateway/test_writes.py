"""Writes that go over a real broker: to a device, which answers or does not, and to the journal."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from bus_schemas import topics
from bus_schemas.codec import decode
from bus_schemas.event import Event
from bus_schemas.node import CommandEvent
from producer.broker import BrokerAddress
from tests import builders
from tests.broker import Broker
from tests.eventually import eventually
from tests.integration.gateway.peer import Peer
from tests.integration.gateway.started import Filled, Started

ROI = {"name": "pump", "coordinates": [[1, 1], [5, 5]], "thresholds": {"warning": 60, "critical": 70, "emergency": 80}}
HUB_OF_SITE = "/sites/DEMO/devices/_hub"
ROIS = "/api/v1/sites/DEMO/devices/yard/rois"


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    with Filled(tmp_path) as filled:
        yield filled.append(builders.health(), builders.incident(), builders.tick(builders.at(1))).fold()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Of this module alone: on the one that all share stands which journal the ingest of another test wrote."""
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@contextmanager
def listening_as_ingest(port: int) -> Iterator[None]:
    """Somebody takes events from the bus: what nobody takes is sent again, and then refused."""
    subscribed = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", port)
    client.subscribe(topics.ALL_EVENTS, qos=1)
    client.loop_start()
    assert subscribed.wait(30)
    yield
    client.disconnect()
    client.loop_stop()


@pytest.fixture
def connected(filled: Filled, broker: Broker) -> Iterator[Started]:
    with listening_as_ingest(broker.port), Started(filled.hub, BrokerAddress(port=broker.port)) as started:
        eventually(lambda: started.gateway.bus.is_connected)
        yield started


def done(request: dict[str, Any]) -> dict[str, Any]:
    return {"request_id": request["request_id"], "name": "settings", "state": "done"}


def refused(request: dict[str, Any]) -> dict[str, Any]:
    return {**done(request), "state": "failed", "detail": "the sensor is being calibrated"}


def test_regions_that_the_device_confirms_are_set(connected: Started, broker: Broker) -> None:
    with Peer(broker, "watchpost/v1/DEMO/yard/command/settings", done) as device, connected.client() as client:
        device.client.on_message = device.confirm
        answer = client.put(ROIS, json={"rois": [ROI]})

    assert answer.status_code == 200
    assert answer.json()["message"] == "Updated 1 ROIs"
    assert answer.json()["rois"][0]["weight"] == 1.0
    sent = json.loads(device.received[0])
    assert sent["settings"]["rois"][0]["name"] == "pump"
    assert list(sent["settings"]) == ["rois"]


def test_a_change_whose_event_is_on_the_way_is_not_called_done(connected: Started, broker: Broker) -> None:
    with Peer(broker, "watchpost/v1/DEMO/yard/command/settings", done), connected.client() as client:
        answer = client.put(ROIS, json={"rois": [ROI]})
        read = client.get(ROIS)

    assert answer.status_code == 202
    assert answer.json()["message"] == "Sent 1 ROIs; the device has taken them, and its event is on the way"
    assert [roi["name"] for roi in read.json()["rois"]] == ["full_frame"]


def test_a_device_that_refuses_says_why(connected: Started, broker: Broker) -> None:
    with Peer(broker, "watchpost/v1/DEMO/yard/command/settings", refused), connected.client() as client:
        answer = client.put(ROIS, json={"rois": [ROI]})

    assert answer.status_code == 409
    assert answer.json()["detail"] == "yard refused: the sensor is being calibrated"


def test_a_device_that_tells_by_its_event_alone_has_confirmed_it(connected: Started, broker: Broker) -> None:
    topic = "watchpost/v1/DEMO/yard/event/settings"

    def report(client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        request_id = json.loads(message.payload)["request_id"]
        event = builders.settings(request_id=request_id, settings={"motion": {"sensitivity": 31}})
        client.publish(topic, event.model_dump_json(), qos=1)

    with Peer(broker, "watchpost/v1/DEMO/yard/command/settings") as device, connected.client() as client:
        device.client.on_message = report
        answer = client.put(ROIS.replace("rois", "settings"), json={"motion": {"sensitivity": 30}})

    assert answer.status_code == 200
    assert answer.json()["motion"] == {
        "sensitivity": 31,
        "min_area": 500,
        "confirm_s": 0.3,
        "quiet_s": 3.0,
        "cool_down_s": 0.0,
    }


def test_a_device_that_is_away_is_told_later(
    connected: Started, monkeypatch: pytest.MonkeyPatch, broker: Broker
) -> None:
    with connected.client() as client:
        answer = client.put(ROIS, json={"rois": [ROI]})

    assert answer.status_code == 202
    assert answer.json()["message"] == "Sent 1 ROIs; the device has not answered yet"


@pytest.mark.parametrize(
    ("rois", "path"),
    [
        ([ROI, {"name": "flat", "coordinates": [[4, 4], [4, 8]]}], "rois.1"),
        ([{"name": "out", "coordinates": [[0, 0], [33, 24]]}], "rois.0.coordinates.1.0"),
        ([{"name": "text", "coordinates": "abc"}], "rois.0.coordinates"),
        ([{"name": "", "coordinates": [[0, 0], [1, 1]]}], "rois.0.name"),
        ([{**ROI, "weight": 0}], "rois.0.weight"),
        ([{**ROI, "emissivity": 0.05}], "rois.0.emissivity"),
        ([{**ROI, "colour": "red"}], "rois.0.colour"),
        ([{**ROI, "thresholds": {"warning": 90, "critical": 80, "emergency": 95}}], "rois.0.thresholds"),
        ([ROI, ROI], "rois"),
    ],
)
def test_one_bad_region_refuses_all_of_them(connected: Started, broker: Broker, rois: list[Any], path: str) -> None:
    with Peer(broker, "watchpost/v1/DEMO/yard/command/settings", done) as device, connected.client() as client:
        answer = client.put(ROIS, json={"rois": rois})

    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"]] == [path]
    assert device.received == []


def test_a_command_is_sent_and_accepted(connected: Started, broker: Broker) -> None:
    with Peer(broker, "watchpost/v1/DEMO/yard/command/snapshot", done) as device, connected.client() as client:
        answer = client.post("/api/v1/sites/DEMO/devices/yard/commands/snapshot")

    assert answer.status_code == 202
    assert json.loads(device.received[0])["request_id"] == answer.json()["id"]


def test_a_command_that_the_device_does_not_offer_is_refused_with_those_that_it_does(
    connected: Started, filled: Filled, broker: Broker
) -> None:
    filled.append(builders.heartbeat(device="yard", commands=("settings", "snapshot"))).fold()
    with Peer(broker, "watchpost/v1/DEMO/yard/command/#") as device, connected.client() as client:
        refused = client.post("/api/v1/sites/DEMO/devices/yard/commands/restart")
        known = client.get("/api/v1/sites/DEMO/devices/yard/commands").json()

    assert refused.status_code == 404
    assert refused.json()["detail"] == "yard has no command 'restart'; it offers settings, snapshot"
    assert known == {"offered": ["settings", "snapshot"], "commands": []}
    assert device.received == []


def test_what_became_of_a_command_can_be_asked_for(connected: Started, filled: Filled, broker: Broker) -> None:
    """It was asked, which is an event; nobody answered, which the hub says when its time is over."""
    with Peer(broker, "watchpost/v1/DEMO/_gateway/event/command") as hub, connected.client() as client:
        accepted = client.post("/api/v1/sites/DEMO/devices/yard/commands/snapshot", json={"by": "ada"}).json()
        address = f"/api/v1/commands/{accepted['id']}"
        unknown = client.get(address)
        (asked,) = decode(hub.received[0])
        assert isinstance(asked, Event)
        filled.append(asked).fold()
        pending = client.get(address).json()
        data = {"request_id": accepted["id"], "state": "failed", "cause": "timed_out", "detail": "no answer"}
        filled.append(builders.command(asked.time + timedelta(seconds=31), source=HUB_OF_SITE, **data)).fold()
        over = client.get(address).json()

    assert accepted["state"] == "pending"
    assert unknown.status_code == 404
    assert {name: pending[name] for name in ("site", "device", "name", "by", "state", "ended")} == {
        "site": "DEMO", "device": "yard", "name": "snapshot", "by": "ada", "state": "pending", "ended": None,
    }  # fmt: skip
    assert (over["state"], over["detail"]) == ("timed_out", "no answer")
    assert over["ended"] is not None


def test_an_alert_is_acknowledged_once_however_often_one_clicks(
    connected: Started, filled: Filled, broker: Broker
) -> None:
    def ingest(peer: Peer) -> None:
        eventually(lambda: peer.received)
        filled.append(*(event for event in decode(peer.received[0]) if isinstance(event, Event))).fold()

    answers: list[Any] = []
    with Peer(broker, "watchpost/v1/DEMO/_gateway/event/alert") as ingesting, connected.client() as client:
        alert = client.get("/api/v1/alerts").json()["alerts"][0]
        path = f"/api/v1/alerts/{alert['id']}/acknowledge"
        clicking = threading.Thread(target=lambda: answers.append(client.post(path, json={"by": "ada"})))
        clicking.start()
        ingest(ingesting)
        clicking.join()
        again = client.post(path, json={"by": "eve"})

    assert answers[0].status_code == 200
    assert answers[0].json()["acknowledged"]["by"] == "ada"
    assert again.json()["acknowledged"]["by"] == "ada"
    assert len(ingesting.received) == 1


def test_an_acknowledgement_keeps_its_comment_and_can_be_taken_back(
    connected: Started, filled: Filled, broker: Broker
) -> None:
    def post(client: httpx.Client, ingesting: Peer, path: str, body: dict[str, str]) -> Any:
        """What is answered once the event is in the journal."""
        answers: list[httpx.Response] = []
        before = len(ingesting.received)
        clicking = threading.Thread(target=lambda: answers.append(client.post(path, json=body)))
        clicking.start()
        eventually(lambda: len(ingesting.received) > before)
        filled.append(*(event for event in decode(ingesting.received[-1]) if isinstance(event, Event))).fold()
        clicking.join()
        return answers[0].json()["acknowledged"]

    with Peer(broker, "watchpost/v1/DEMO/_gateway/event/alert") as ingesting, connected.client() as client:
        alert = client.get("/api/v1/alerts?state=open").json()["alerts"][0]
        path = f"/api/v1/alerts/{alert['id']}"
        noted = post(client, ingesting, f"{path}/acknowledge", {"by": "ada", "comment": "the fan is replaced"})
        seen = [one["unacknowledged_alerts"] for one in client.get("/api/v1/sites").json()["sites"]]
        taken_back = post(client, ingesting, f"{path}/unacknowledge", {"by": "eve"})
        again = client.post(f"{path}/unacknowledge", json={"by": "eve"}).json()["acknowledged"]
        open_again = [one["unacknowledged_alerts"] for one in client.get("/api/v1/sites").json()["sites"]]

    assert (noted["by"], noted["comment"]) == ("ada", "the fan is replaced")
    assert taken_back is None
    assert again is None
    assert sum(open_again) == sum(seen) + 1
    assert len(ingesting.received) == 2


def test_live_pictures_come_from_the_bus(connected: Started, broker: Broker) -> None:
    with Peer(broker, "unused") as device, connected.client() as client:
        sending = threading.Event()

        def send() -> None:
            number = 0
            while not sending.wait(0.02):
                number += 1
                device.client.publish("watchpost/v1/DEMO/yard/live/thermal", b"jpeg %d" % number)

        sender = threading.Thread(target=send)
        sender.start()
        with client.stream("GET", "/live/DEMO/yard/thermal.mjpg") as answer:
            assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
            chunks = answer.iter_raw()
            first, second = next(chunks), next(chunks)
        sending.set()
        sender.join()
        eventually(lambda: connected.gateway.frames.watchers == 0)

    assert first.startswith(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ")
    assert first != second


def test_without_a_live_picture_of_a_sensor_there_is_none(connected: Started) -> None:
    with connected.client() as client:
        refused = client.get("/live/DEMO/yard/thermal.mjpg")
        none = client.get("/live/DEMO/yard/thermal.mjpg", params={"or_none": True})

    assert (refused.status_code, none.status_code, none.content) == (404, 204, b"")


def test_without_a_broker_nothing_is_promised(filled: Filled) -> None:
    with Started(filled.hub) as alone, alone.client() as client:
        answer = client.put(ROIS, json={"rois": [ROI]})

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"


def test_a_broker_that_was_killed_is_listened_to_again(filled: Filled, own_broker: Broker) -> None:
    with Started(filled.hub, BrokerAddress(port=own_broker.port)) as started:
        eventually(lambda: started.gateway.bus.is_connected)
        own_broker.kill()
        eventually(lambda: not started.gateway.bus.is_connected)
        own_broker.start()
        eventually(lambda: started.gateway.bus.is_connected)
        peer = Peer(own_broker, "watchpost/v1/DEMO/yard/command/settings", done)
        with listening_as_ingest(own_broker.port), peer as device, started.client() as client:
            device.client.on_message = device.confirm
            answer = client.put(ROIS, json={"rois": [ROI]})

    assert answer.status_code == 200


def test_a_rebuild_is_asked_for_over_the_bus(connected: Started, broker: Broker) -> None:
    with Peer(broker, "watchpost/v1/_hub/_gateway/event/command") as hub, connected.client() as client:
        answer = client.post("/api/v1/consumers/health/rebuild")
        eventually(lambda: hub.received)

    (event,) = decode(hub.received[0])
    assert isinstance(event, CommandEvent)
    assert (event.data.name, event.data.state) == ("rebuild", "asked")
    assert event.data.arguments == {"consumer": "health"}
    assert (answer.status_code, answer.json()) == (202, {"id": event.data.request_id, "state": "pending"})


def test_a_part_of_a_view_is_asked_for_in_the_body(connected: Started, broker: Broker) -> None:
    part = {"site": "DEMO", "since": "2026-01-05T11:00:00+01:00", "until": "2026-01-05T10:05:00Z"}
    with Peer(broker, "watchpost/v1/_hub/_gateway/event/command") as hub, connected.client() as client:
        answer = client.post("/api/v1/consumers/motion/rebuild", json=part)
        eventually(lambda: hub.received)

    (event,) = decode(hub.received[0])
    assert isinstance(event, CommandEvent)
    assert answer.status_code == 202
    assert event.data.arguments == {
        "consumer": "motion", "site": "DEMO", "since": "2026-01-05T10:00:00Z", "until": "2026-01-05T10:05:00Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "body", "status", "said"),
    [
        ("motion", b'{"site": "DEMO"}', 400, "a part of a view is given by site, since and until, all three"),
        ("motion", b"{", 400, "the body does not fit"),
        ("motion", b'{"sites": "DEMO"}', 400, "sites"),
        (
            "health",
            b"whole",
            409,
            "health cannot be folded in part; views that can be are audio, detections, motion, occupancy",
        ),
        ("warehouse", b"whole", 409, "warehouse cannot be folded in part"),
        ("motion", b"elsewhere", 404, "there is no site 'DEMMO'"),
    ],
)
def test_a_part_that_cannot_be_is_refused(connected: Started, name: str, body: bytes, status: int, said: str) -> None:
    span = b'{"site": "DEMO", "since": "2026-01-05T10:00:00Z", "until": "2026-01-05T10:05:00Z"}'
    elsewhere = span.replace(b"DEMO", b"DEMMO")
    content = {b"whole": span, b"elsewhere": elsewhere}.get(body, body)
    with connected.client() as client:
        answer = client.post(f"/api/v1/consumers/{name}/rebuild", content=content)

    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_a_rebuild_of_what_is_no_view_is_refused(connected: Started) -> None:
    with connected.client() as client:
        unknown = client.post("/api/v1/consumers/nothing/rebuild")
        sink = client.post("/api/v1/consumers/webhook/rebuild")

    assert (unknown.status_code, unknown.json()["detail"]) == (404, "there is no consumer 'nothing'")
    assert sink.status_code == 409
    assert "is a sink" in sink.json()["detail"]
