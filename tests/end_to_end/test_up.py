"""The whole product on recordings: what cameras show is in log, archive, mosaics, rows and an alert."""

import base64
import io
import json
import os
import signal
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import httpx
import paho.mqtt.client as mqtt
import pytest
import simplejpeg
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from bus_schemas import codec, topics
from bus_schemas.event import Event
from tests.eventually import eventually
from tests.generated_recordings import draw_clip, draw_thermal
from tests.loopback import NO_TLS
from tests.product import Product, running
from tests.recordings import PEDESTRIANS, ROOM_THERMAL, ROOM_VISUAL, recording

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(400)]
DRAWN, RECORDED = "DRAWN", "RECORDED"
"""The sites of drawn devices and of recorded ones."""
KINDS = {"frame", "health", "segment", "thermal", "heartbeat"}

both = pytest.mark.parametrize("site", [DRAWN, RECORDED])


@dataclass(frozen=True)
class Inputs:
    """The files that the devices of a site play."""

    yard: Path
    room: Path
    thermal: Path


def drawn(folder: Path) -> Inputs:
    clip = draw_clip(folder / "clip.mp4")
    return Inputs(clip, clip, draw_thermal(folder / "thermal.csv", degrees=15.0))


def recorded() -> Inputs:
    return Inputs(recording(PEDESTRIANS), recording(ROOM_VISUAL), recording(ROOM_THERMAL))


def write_config(folder: Path, sites: Mapping[str, Inputs], hot_spot_c: float) -> Path:
    config = {
        "sites": [{"site": site, "time_zone": "Europe/Berlin", "devices": devices(of)} for site, of in sites.items()],
        "alerts": {"rules": {"hot_spot_c": hot_spot_c}},
    }
    path = folder / "watchpost.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def devices(inputs: Inputs) -> list[dict[str, Any]]:
    def video(path: Path) -> dict[str, Any]:
        return {"kind": "file", "path": str(path), "loop": True}

    thermal = {"kind": "thermal_csv", "path": str(inputs.thermal), "loop": True}
    return [
        {"device": "YARD", "visual": video(inputs.yard)},
        {"device": "ROOM", "visual": video(inputs.room), "thermal": thermal},
        {"device": "AWAY", "visual": {"kind": "rtsp", "url": "rtsp://127.0.0.1:9/none"}},
    ]


class Subscriber:
    """A foreign program that subscribes to everything, and reads it with the contract alone."""

    def __init__(self, port: int) -> None:
        self.events: list[Event] = []
        self.malformed: list[str] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe([(topics.ALL_EVENTS, _qos_1())])
        self._client.on_message = self._read
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _read(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        content_type = getattr(message.properties, "ContentType", None)
        for read in codec.decode(bytes(message.payload), content_type):
            if isinstance(read, codec.Malformed):
                self.malformed.append(read.reason)
            else:
                self.events.append(read)

    def kinds(self, site: str) -> set[str]:
        return {event.type.split(".")[1] for event in self.events if event.source.startswith(f"/sites/{site}/")}

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _qos_1() -> Any:
    from paho.mqtt.subscribeoptions import SubscribeOptions

    return SubscribeOptions(qos=1)


@contextmanager
def subscribed(port: int) -> Iterator[Subscriber]:
    subscriber = Subscriber(port)
    try:
        yield subscriber
    finally:
        subscriber.close()


def get(client: httpx.Client, path: str, **parameters: Any) -> Any:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
    return answer.json()


def all_events(client: httpx.Client) -> list[dict[str, Any]]:
    """The whole log, page by page."""
    events: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = get(client, "/api/v1/events", after=after, limit=1000, order="asc")
        events += page["events"]
        after = page["next"] if page["events"] else None
    return events


def assert_streams_are_whole(events: list[dict[str, Any]]) -> None:
    """Each sequence of each stream once and in order; what is missing is told by a gap."""
    reached: dict[tuple[str, str], int] = {}
    for row in events:
        event = row["event"]
        if event.get("sequence") is None:
            continue
        stream = event["source"], event["epoch"]
        first = event["data"]["first"] if event["type"] == "watchpost.gap.v1" else event["sequence"]

        assert first <= reached.get(stream, 0) + 1 <= event["sequence"], f"{stream} at position {row['position']}"

        reached[stream] = event["sequence"]


def test_every_process_may_be_killed_and_nothing_is_lost(tmp_path: Path) -> None:
    config = write_config(tmp_path, {DRAWN: drawn(tmp_path)}, hot_spot_c=80.0)
    with running(tmp_path / "data", ["--config", str(config)], subprocess.Popen) as (product, client):
        eventually(lambda: len(all_events(client)) > 50, 40)
        for name in list(product.processes()):
            _kill_and_wait(product, name)
        eventually(lambda: _is_ready(client), 40)
        killed_at = eventually(lambda: get(client, "/api/v1/events", limit=1, order="desc")["head"], 20)
        eventually(lambda: get(client, "/api/v1/events", limit=1, order="desc")["head"] > killed_at + 100, 60)
        assert_streams_are_whole(all_events(client))
        before = all_events(client)

        assert product.signal(signal.SIGKILL) == -signal.SIGKILL

        eventually(lambda: not _alive(product), 30, "the end of every child")
        address = product.start()
        with httpx.Client(base_url=address, timeout=20, verify=NO_TLS) as again:
            eventually(lambda: get(again, "/api/v1/events", limit=1, order="desc")["head"] > len(before) + 100, 60)
            after = all_events(again)

            assert after[: len(before)] == before
            assert_streams_are_whole(after)
            eventually(lambda: _everyone_keeps_up(again), 30, "consumers without lag")
        assert product.stop() == 0


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/ready").status_code == 200
    except httpx.TransportError:
        return False


def _kill_and_wait(product: Product, name: str) -> None:
    pid, restarts = product.processes()[name]["pid"], product.processes()[name]["restarts"]
    os.kill(pid, signal.SIGKILL)

    def back() -> bool:
        row = product.processes()[name]
        return bool(row["state"] == "running" and row["restarts"] > restarts and row["pid"] != pid)

    eventually(back, 20, f"{name} running again")


def _alive(product: Product) -> list[int]:
    return [row["pid"] for row in product.processes().values() if row["pid"] and Path(f"/proc/{row['pid']}").exists()]


def _everyone_keeps_up(client: httpx.Client) -> bool:
    consumers: list[dict[str, Any]] = get(client, "/api/v1/consumers")["consumers"]
    assert {"stopped"}.isdisjoint(row["state"] for row in consumers), consumers
    return len(consumers) >= 8 and all(row["lag"] < 200 for row in consumers)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Product, httpx.Client]]:
    """A product that every test of this module looks at; the last one ends it."""
    folder = tmp_path_factory.mktemp("up")
    # The people in the recorded room are its warmest spots.
    config = write_config(folder, {DRAWN: drawn(folder), RECORDED: recorded()}, hot_spot_c=30.0)
    with running(folder / "data", ["--config", str(config)], subprocess.Popen) as (product, client):
        with subscribed(product.mqtt_port()) as subscriber:
            eventually(lambda: subscriber.kinds(DRAWN) >= KINDS and subscriber.kinds(RECORDED) >= KINDS, 40)

            assert subscriber.malformed == []
        yield product, client


@pytest.fixture(scope="module")
def product(started: tuple[Product, httpx.Client]) -> Product:
    return started[0]


@pytest.fixture(scope="module")
def client(started: tuple[Product, httpx.Client]) -> httpx.Client:
    return started[1]


@both
def test_devices_are_told_apart(client: httpx.Client, site: str) -> None:
    def status(device: str) -> str:
        return str(get(client, f"/api/v1/sites/{site}/devices/{device}")["status"])

    def is_seen(device: str) -> bool:
        return bool(get(client, f"/api/v1/sites/{site}/devices/{device}")["last_frame"])

    # What the room's sensor sees is a hot spot, beside which nothing is called healthy.
    eventually(lambda: status("YARD") == "healthy" and is_seen("ROOM"), 30)
    away = eventually(lambda: [get(client, f"/api/v1/sites/{site}/devices/AWAY")], 30)[0]

    assert away["status"] != "healthy"
    assert away["reason"]


@both
def test_pictures_and_video_are_there(client: httpx.Client, site: str) -> None:
    picture = eventually(lambda: _ok(client.get(f"/api/v1/sites/{site}/devices/YARD/snapshot.jpg")), 20)
    assert simplejpeg.decode_jpeg(picture).std() > 5

    now = datetime.now(UTC)
    span = {"from": (now - timedelta(minutes=10)).isoformat(), "to": (now + timedelta(minutes=1)).isoformat()}
    thumbnails = get(client, f"/api/v1/sites/{site}/devices/YARD/thumbnails", **span)["thumbnails"]
    small = simplejpeg.decode_jpeg(client.get(thumbnails[-1]["url"]).content)
    assert small.shape == (180, 320, 3)

    playlist = eventually(lambda: _ok(client.get(f"/hls/{site}/YARD/live.m3u8")), 30)
    segments = [line for line in playlist.decode().splitlines() if line and not line.startswith("#")]
    video = client.get(str(httpx.URL(f"/hls/{site}/YARD/").join(segments[-1]))).content
    with av.open(io.BytesIO(video), "r") as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert len(list(container.decode(video=0))) > 5


def _ok(answer: httpx.Response) -> bytes:
    return answer.content if answer.status_code == 200 else b""


@both
def test_temperatures_are_measured(client: httpx.Client, site: str) -> None:
    def hottest() -> float:
        answer = client.get(f"/api/v1/sites/{site}/devices/ROOM/thermal")
        return float(answer.json()["frame_stats"]["max_temp"]) if answer.status_code == 200 else 0.0

    eventually(lambda: hottest() > 20, 20)


@both
def test_a_hot_spot_raises_an_alert_that_says_why(client: httpx.Client, site: str) -> None:
    def hot() -> list[dict[str, Any]]:
        alerts: list[dict[str, Any]] = get(client, "/api/v1/alerts", site=site, limit=50)["alerts"]
        return [alert for alert in alerts if alert["type"] == "hot_spot" and alert["device"] == "ROOM"]

    alert = eventually(hot, 60, "a hot spot alert")[0]
    why = get(client, f"/api/v1/alerts/{alert['id']}/why")

    assert why["events"]
    assert why["rule"]["version"] >= 1


def test_an_event_of_a_foreign_device_is_taken_once_and_what_is_none_is_rejected(
    product: Product, client: httpx.Client
) -> None:
    event_id = str(uuid.uuid4())
    now = datetime.now(UTC)
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/sites/{DRAWN}/devices/DOOR",
        "type": "watchpost.detection.v1",
        "time": now.isoformat(),
        "data": {"people_count": 7, "event_triggers": ["CROWD_VIOLATION"]},
    }
    publish = ["mosquitto_pub", "-p", str(product.mqtt_port()), "-q", "1", "-t"]
    for message in (json.dumps(event), json.dumps(event), '{"not": "an event"}'):
        subprocess.run([*publish, f"watchpost/v1/{DRAWN}/DOOR/event/detection", "-m", message], check=True, timeout=20)

    def in_log() -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = get(client, "/api/v1/events", site=DRAWN, device="DOOR")["events"]
        return events

    assert [row["event"]["id"] for row in eventually(in_log, 30)] == [event_id]
    day = get(client, f"/api/v1/dashboard/{DRAWN}")["date"]
    zone = eventually(lambda: get(client, f"/api/v1/dashboard/{DRAWN}", date=day)["zones"].get("DOOR"), 20)
    assert zone == {"peak": 7, "events": 1, "intensity": "high"}
    rejected = eventually(lambda: get(client, "/api/v1/system")["rejected"], 30)
    assert rejected["count"] == 1
    assert "type: missing" in rejected["newest"][0]["reason"]


@both
def test_a_minute_is_drawn(client: httpx.Client, site: str) -> None:
    """A minute in which the devices were there: the one before the start is closed as well, and empty."""
    tile = eventually(lambda: _tile_with_pictures(client, site), 100, "a closed minute with a picture of YARD and ROOM")
    slot, minute = tile["time_key"], tile["minute"]
    mosaic = simplejpeg.decode_jpeg(client.get(f"/heatmaps/{site}/{slot}.jpg", params={"minute": minute}).content)
    cell = next(cell for cell in tile["cells"] if cell["device"] == "YARD")
    timeline = get(client, f"/api/v1/timeline/{site}")
    states = base64.b64decode(timeline["states"])
    place = 1439 - (timeline["newest"] - minute)

    assert mosaic.shape == (tile["height"], tile["width"], 3)
    assert mosaic[cell["y"] : cell["y"] + cell["h"], cell["x"] : cell["x"] + cell["w"]].std() > 5
    assert {device["device_id"]: device["status"] for device in tile["devices"]}["AWAY"] == "missing"
    assert len(states) == 360
    assert timeline["classes"][states[place // 4] >> place % 4 * 2 & 3] == tile["state"] != "no_data"
    assert client.get(f"/heatmaps/{site}/{slot}.jpg", params={"minute": minute - 1440}).status_code == 404


def _tile_with_pictures(client: httpx.Client, site: str) -> dict[str, Any]:
    minute = get(client, f"/api/v1/timeline/{site}")["newest"]
    slot = datetime.fromtimestamp(minute * 60, UTC).strftime("%H%M")
    answer = client.get(f"/heatmaps/{site}/{slot}.json", params={"minute": minute})
    tile: dict[str, Any] = answer.json() if answer.status_code == 200 else {"devices": []}
    shown = {device["device_id"] for device in tile["devices"] if device["status"] == "active"}
    return tile if {"YARD", "ROOM"} <= shown else {}


def test_a_second_start_on_the_same_data_says_who_holds_it(product: Product) -> None:
    second = Product(product.data, product.arguments)

    with pytest.raises(AssertionError, match="is in use by watchpost up, process"):
        second.start()

    second.end()


def test_every_stream_is_whole_in_the_log_and_the_product_ends_when_it_is_told_to(
    product: Product, client: httpx.Client
) -> None:
    assert_streams_are_whole(all_events(client))

    assert product.stop() == 0
