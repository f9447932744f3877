"""The agent with drawn devices at a real broker, with an ingest that speaks the watermark protocol."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.media import MediaEvent, RecorderEvent, SegmentEvent
from bus_schemas.node import ClockEvent, CommandEvent, Health, HealthEvent, HeartbeatEvent, SettingsEvent, StateEvent
from bus_schemas.protocol import VIDEO, WATCH
from bus_schemas.thermal import ThermalEvent
from bus_schemas.topics import command_topic, live_topic
from edge.agent import outbox_place
from edge.agent.health import BLANK
from edge.agent.settings import DeviceSettings, RatesSettings, SceneDetectorSettings
from edge.agent.source_settings import (
    RtspSourceSettings,
    SceneFaultSettings,
    SceneSourceSettings,
    ThermalCsvSourceSettings,
)
from mosquitto.launcher import free_port
from producer.ids import utc_now
from tests.broker import Broker
from tests.eventually import eventually
from tests.ingest_double import IngestDouble, are_numbered, ingest_double
from tests.running_agent import of, running_agent

RATES = RatesSettings(segment_s=1, thermal_frame_s=2)
GATE = DeviceSettings(
    site="YARD",
    device="GATE",
    visual=SceneSourceSettings(kind="scene", scene="visual", seed=3, audio=True),
    thermal=SceneSourceSettings(kind="scene", scene="thermal", seed=3),
    detector=SceneDetectorSettings(kind="scene"),
    rates=RATES,
)
SENSOR = DeviceSettings(
    site="YARD", device="SENSOR", thermal=SceneSourceSettings(kind="scene", scene="thermal", seed=3), rates=RATES
)
ROI = {"name": "lid", "coordinates": [[1, 2], [9, 8]]}


@contextmanager
def asking(port: int, *topics: str) -> Iterator[tuple[Callable[[str, Any], None], "Queue[MQTTMessage]"]]:
    """Somebody who sends commands and hears what comes on `topics` and as answers."""
    received: Queue[MQTTMessage] = Queue()
    subscribed = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _client, _data, message: received.put(message)
    client.connect("127.0.0.1", port)
    client.subscribe([(topic, SubscribeOptions(qos=0)) for topic in ("answers", *topics)])
    client.loop_start()
    assert subscribed.wait(30)

    def ask(topic: str, request: Any) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.ResponseTopic = "answers"
        properties.CorrelationData = b"42"
        client.publish(topic, json.dumps(request), qos=1, properties=properties)

    try:
        yield ask, received
    finally:
        client.disconnect()
        client.loop_stop()


def test_a_drawn_device_tells_everything_that_it_sees(broker: Broker, tmp_path: Path) -> None:
    wanted = (FrameEvent, MotionEvent, DetectionEvent, ThermalEvent, SegmentEvent, HealthEvent, HeartbeatEvent)
    with ingest_double(broker.port) as ingest, running_agent(broker.port, tmp_path, GATE):
        for model in wanted:
            eventually(partial(of, ingest, model), what=model.__name__)
        kinds = {"capture", "thumbnail", "segment", "thermal"}
        eventually(lambda: {event.data.kind for event in of(ingest, MediaEvent)} >= kinds)
        eventually(lambda: any(event.data.audio for event in of(ingest, FrameEvent)))
    known = {event.data.key for event in of(ingest, MediaEvent)}

    assert not ingest.malformed
    assert all(set(event.data.media) <= known for event in of(ingest, SegmentEvent))
    assert {event.source for event in ingest.all_events()} == {"/sites/YARD/devices/GATE"}


def test_a_node_that_starts_in_1970_and_is_set_tells_how_far_its_times_were_off(broker: Broker, tmp_path: Path) -> None:
    behind = [utc_now() - datetime(1970, 1, 1, 0, 0, 20, tzinfo=UTC)]
    with (
        ingest_double(broker.port) as ingest,
        running_agent(broker.port, tmp_path, SENSOR, wall=lambda: utc_now() - behind[0]),
    ):
        eventually(partial(of, ingest, ThermalEvent))
        behind[0] = timedelta()
        step = eventually(partial(of, ingest, ClockEvent))[0]
        eventually(lambda: of(ingest, ThermalEvent)[-1].time.year > 1970)
    events = ingest.all_events()
    place = events.index(step)

    assert {event.time.year for event in events[:place]} == {1970}
    assert [event.time.year == 1970 for event in events[place + 8 :]].count(True) == 0
    assert step.data.since is not None
    assert (step.data.since.year, step.data.before.year) == (1970, 1970)
    assert step.data.before + timedelta(seconds=step.data.step_s) == step.data.after == step.time
    assert are_numbered(events)
    assert "stale" not in {event.data.status for event in of(ingest, HealthEvent)}


def test_previews_of_both_sensors_and_of_their_fusion_are_live(broker: Broker, tmp_path: Path) -> None:
    topics = {live_topic(GATE.source, kind) for kind in ("visual", "thermal", "fusion")}
    with asking(broker.port, *topics) as (_, received), running_agent(broker.port, tmp_path, GATE):
        seen: set[str] = set()
        while seen < topics:
            preview = received.get(timeout=20)
            seen.add(preview.topic)
            assert bytes(preview.payload[:3]) == b"\xff\xd8\xff"


def test_an_agent_whose_disk_takes_nothing_goes_on_from_memory_and_says_so(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "outbox").write_text("in its place, since root writes into every directory")
    (data / "agent").write_text("so does this")
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(outbox_place, "MEMORY", tmp_path / "memory")
    with ingest_double(broker.port) as ingest, running_agent(broker.port, data, SENSOR):
        eventually(lambda: len(of(ingest, ThermalEvent)) >= 2, within=20)
        (said, *_) = eventually(lambda: [one.data for one in of(ingest, HealthEvent) if one.data.reason is not None])

    assert said.status == "degraded"
    assert "its disk cannot be written (File exists): what the hub has not confirmed is in memory" in str(said.reason)
    assert not ingest.malformed


def newest_health(ingest: IngestDouble) -> Health:
    """By its time: streams come one after the other here, in whatever order they have begun."""
    return max(of(ingest, HealthEvent), key=lambda one: one.time).data


def test_an_outbox_returns_to_a_disk_that_is_well_again_and_what_was_in_memory_is_sent(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, memory = tmp_path / "data", tmp_path / "memory"
    data.mkdir()
    memory.mkdir()
    (data / "outbox").write_text("in its place")
    monkeypatch.setattr(outbox_place, "MEMORY", memory)
    monkeypatch.setattr(outbox_place, "PROBES_EVERY_S", 0.1)
    monkeypatch.setattr(outbox_place, "RETURNS_AFTER_S", 0.5)
    with running_agent(broker.port, data, SENSOR):
        eventually(lambda: [*memory.glob("*/*.sqlite")], within=20)
        (data / "outbox").unlink()
        eventually(lambda: [*(data / "outbox").glob("*.sqlite")], within=30)
        with ingest_double(broker.port) as ingest:
            eventually(lambda: len({one.epoch for one in of(ingest, ThermalEvent)}) == 2, within=30)
            eventually(lambda: not [*memory.glob("*/*.sqlite")], within=30)
            eventually(lambda: newest_health(ingest).status == "healthy", within=30)

    assert not ingest.malformed


def test_settings_that_fit_are_applied_told_and_kept(broker: Broker, tmp_path: Path) -> None:
    request = {"request_id": "r1", "changed_by": "Ada", "settings": {"rois": [ROI]}}
    with ingest_double(broker.port) as ingest, asking(broker.port) as (ask, received):
        with running_agent(broker.port, tmp_path, SENSOR):
            eventually(lambda: of(ingest, ThermalEvent))
            ask(command_topic(SENSOR.source, "settings"), request)
            answer = received.get(timeout=30)
            eventually(lambda: [r.name for r in of(ingest, ThermalEvent)[-1].data.regions] == ["lid"])
        before = len(of(ingest, ThermalEvent))
        with running_agent(broker.port, tmp_path, SENSOR):
            eventually(lambda: len(of(ingest, ThermalEvent)) > before)
    first, changed = of(ingest, SettingsEvent)

    assert (first.data.changed_by, set(first.data.settings)) == (
        "configuration",
        {
            "rois",
            "zones",
            "motion",
            "event_classes",
            "picture",
            "thermography",
            "fusion",
            "place",
            "recording",
            "night",
            "snapshots",
        },
    )
    assert (changed.data.changed_by, set(changed.data.settings), changed.data.request_id) == ("Ada", {"rois"}, "r1")
    assert [region.name for region in of(ingest, ThermalEvent)[-1].data.regions] == ["lid"]
    assert json.loads(answer.payload)["state"] == "done"
    assert getattr(answer.properties, "CorrelationData", None) == b"42"


@pytest.mark.parametrize(
    ("request_body", "reason"),
    [
        ({"request_id": "r2", "settings": {"rois": [ROI, ROI]}}, "stands twice"),
        ({"request_id": "r2", "settings": {"motion": {"sensitivity": 500}}}, "motion.sensitivity"),
        ({"request_id": "r2", "settings": {"rtsp_url": "x"}}, "rtsp_url"),
        ({"settings": {}}, "request_id"),
    ],
)
def test_settings_that_do_not_fit_change_nothing_and_say_why(
    broker: Broker, tmp_path: Path, request_body: dict[str, Any], reason: str
) -> None:
    with (
        ingest_double(broker.port) as ingest,
        asking(broker.port) as (ask, received),
        running_agent(broker.port, tmp_path, SENSOR),
    ):
        eventually(lambda: of(ingest, ThermalEvent))
        ask(command_topic(SENSOR.source, "settings"), request_body)
        answer = json.loads(received.get(timeout=30).payload)
        eventually(lambda: of(ingest, CommandEvent))

    assert answer["state"] == "failed"
    assert reason in answer["detail"]
    assert of(ingest, CommandEvent)[0].data.detail == answer["detail"]
    assert len(of(ingest, SettingsEvent)) == 1


def test_a_camera_that_is_not_there_is_degraded_and_the_others_go_on(broker: Broker, tmp_path: Path) -> None:
    nowhere = DeviceSettings(
        site="YARD", device="DOOR", visual=RtspSourceSettings(kind="rtsp", url=f"rtsp://127.0.0.1:{free_port()}/live")
    )
    with ingest_double(broker.port) as ingest, running_agent(broker.port, tmp_path, nowhere, SENSOR):
        eventually(lambda: [e for e in of(ingest, HealthEvent) if e.data.status == "degraded"])
        eventually(lambda: len(of(ingest, ThermalEvent)) > 2)
    degraded = next(event for event in of(ingest, HealthEvent) if event.data.status == "degraded")

    assert degraded.source == nowhere.source
    assert degraded.data.consecutive_failures >= 1
    assert degraded.data.reason is not None
    assert degraded.data.reason.startswith("Connection refused")
    assert "127.0.0.1" not in degraded.data.reason


def test_a_camera_that_comes_back_counts_a_reconnect(broker: Broker, tmp_path: Path) -> None:
    silence = SceneFaultSettings(kind="silent", first_s=1, lasts_s=1, every_s=3600)
    scene = SceneSourceSettings(kind="scene", scene="thermal", seed=3, faults=(silence,))
    device = SENSOR.model_copy(update={"thermal": scene})
    with ingest_double(broker.port) as ingest, running_agent(broker.port, tmp_path, device):
        eventually(lambda: [e for e in of(ingest, HealthEvent) if e.data.total_reconnects == 1])
    statuses = [event.data.status for event in of(ingest, HealthEvent)]

    assert [now for before, now in zip(["", *statuses], statuses, strict=False) if now != before][:3] == [
        "healthy",
        "degraded",
        "healthy",
    ]


def test_each_device_of_a_node_is_told_to_be_online_and_then_not(own_broker: Broker, tmp_path: Path) -> None:
    other = SENSOR.model_copy(update={"device": "OTHER"})
    with ingest_double(own_broker.port) as ingest:
        with running_agent(own_broker.port, tmp_path, SENSOR, other):
            eventually(lambda: {e.source for e in online(ingest)} == {SENSOR.source, other.source})
        eventually(lambda: len(ingest.states) == 4)
    offline = [event for event in ingest.states if isinstance(event, StateEvent) and not event.data.online]

    assert {event.source for event in offline} == {SENSOR.source, other.source}
    assert {(event.data.reason, event.data.cause) for event in offline} == {("stopped", "stopped")}


def test_the_last_that_an_agent_says_is_sent_before_it_ends(broker: Broker, tmp_path: Path) -> None:
    with ingest_double(broker.port) as ingest, running_agent(broker.port, tmp_path, SENSOR):
        eventually(partial(of, ingest, ThermalEvent))
        eventually(partial(of, ingest, HeartbeatEvent))
    last = of(ingest, HealthEvent)[-1].data

    assert (last.status, last.reason, last.is_recording) == ("stopped", "the agent stops", False)
    assert of(ingest, HeartbeatEvent)[-1].data.status == "stopping"


def test_a_sensor_of_which_every_pixel_is_invalid_is_not_healthy_and_the_others_are(
    broker: Broker, tmp_path: Path
) -> None:
    recording = tmp_path / "blind.csv"
    recording.write_text("".join(f"2026-01-05 12:00:{second:02d}{',nan' * 768}\n" for second in range(60)))
    blind = DeviceSettings(
        site="YARD", device="BLIND", thermal=ThermalCsvSourceSettings(kind="thermal_csv", path=recording), rates=RATES
    )
    with ingest_double(broker.port) as ingest, running_agent(broker.port, tmp_path, blind, SENSOR):
        eventually(lambda: [e for e in of(ingest, HealthEvent) if e.data.status == "degraded"])
        eventually(lambda: [e for e in of(ingest, HealthEvent) if e.data.status == "healthy"])
    healths = [event for event in of(ingest, HealthEvent) if event.data.status in ("degraded", "healthy")]

    assert {(event.source, event.data.status, event.data.has_worked) for event in healths} == {
        (blind.source, "degraded", False),
        (SENSOR.source, "healthy", True),
    }
    assert {event.data.reason for event in healths if event.source == blind.source} == {BLANK}
    assert {event.data.expects for event in healths} == {"readings"}


def online(ingest: IngestDouble) -> list[StateEvent]:
    return [event for event in ingest.states if isinstance(event, StateEvent) and event.data.online]


def test_live_video_is_sent_while_it_is_asked_for_and_a_mode_holds_at_once(broker: Broker, tmp_path: Path) -> None:
    live = live_topic(GATE.source, VIDEO)
    off = {"request_id": "r1", "settings": {"recording": {"mode": "off"}}}
    with (
        ingest_double(broker.port) as ingest,
        asking(broker.port, live) as (ask, received),
        running_agent(broker.port, tmp_path, GATE),
    ):
        eventually(partial(of, ingest, SegmentEvent))
        assert received.empty()
        ask(command_topic(GATE.source, "settings"), off)
        assert json.loads(received.get(timeout=30).payload)["state"] == "done"
        (change,) = eventually(partial(of, ingest, RecorderEvent))
        ask(command_topic(GATE.source, WATCH), {"request_id": "w1"})
        first = received.get(timeout=20)
        ask(command_topic(GATE.source, "snapshot"), {"request_id": "s1"})
        answers = (received.get(timeout=30) for _ in range(200))
        taken = next(json.loads(one.payload) for one in answers if one.topic == "answers")
        known = eventually(lambda: {event.data.key for event in of(ingest, MediaEvent)} >= set(taken["media"]))
    commands = [event.data.name for event in of(ingest, CommandEvent)]

    assert (first.topic, bytes(first.payload[4:8])) == (live, b"ftyp")
    assert (change.data.recording, change.data.mode, change.data.reason) == (False, "off", "off")
    assert max(event.data.start for event in of(ingest, SegmentEvent)) <= change.time
    assert (taken["state"], known) == ("done", True)
    assert len(taken["media"]) >= 1
    assert commands == ["settings", "snapshot"]


def test_commands_over_the_bus_are_answered_with_what_became_of_them(broker: Broker, tmp_path: Path) -> None:
    off = RatesSettings(segment_s=1, thermal_frame_s=60)
    camera = DeviceSettings(
        site="YARD",
        device="LANE",
        time_zone="Asia/Kathmandu",
        visual=SceneSourceSettings(kind="scene", scene="visual"),
        rates=off,
    )

    def commanded(name: str, **arguments: Any) -> tuple[str, str]:
        ask(command_topic(camera.source, name), {"request_id": f"r-{name}", "arguments": arguments})
        answer = json.loads(received.get(timeout=25).payload)
        return answer["state"], answer.get("detail", "")

    with (
        ingest_double(broker.port) as ingest,
        asking(broker.port) as (ask, received),
        running_agent(broker.port, tmp_path, camera),
    ):
        eventually(partial(of, ingest, FrameEvent))
        ask(
            command_topic(camera.source, "settings"),
            {"request_id": "r-off", "settings": {"recording": {"mode": "off"}}},
        )
        assert json.loads(received.get(timeout=30).payload)["state"] == "done"
        eventually(partial(of, ingest, RecorderEvent))
        answers = {"record": commanded("record")}
        change = eventually(lambda: next((one for one in of(ingest, RecorderEvent) if one.data.recording), None))
        answers |= {name: commanded(name) for name in ("reconnect", "restart", "night_mode")}
    beats = of(ingest, HeartbeatEvent)
    first, last = beats[0].data, beats[-1].data

    assert {name: state for name, (state, _) in answers.items()} == dict.fromkeys(answers, "done")
    assert "gives frames of " in answers["restart"][1]
    assert answers["record"][1].endswith(" +0545 at least"), "by the clock of the site"
    assert change.data.mode == "off"
    assert "record" in (first.commands or ())
    assert first.link is not None
    assert last.link is not None
    assert last.link.bytes_sent > first.link.bytes_sent
    assert 0 < (last.link.round_trip_ms or 0) < 1000
    assert last.process is not None
    assert (last.process.memory_bytes or 0) > 10_000_000
    assert last.capture is not None
    assert last.capture.recordings == len(of(ingest, SegmentEvent)) > 0
