"""An agent whose site gets another time zone while it runs: its hours go by the new one at once, and after a start."""

from datetime import UTC, datetime
from pathlib import Path

from bus_schemas.event import device_source
from bus_schemas.media import RecorderEvent, SegmentEvent
from bus_schemas.node import CommandEvent, SettingsEvent
from bus_schemas.protocol import CommandRequest
from bus_schemas.recording_settings import RecordingSettings, ScheduleWindow
from bus_schemas.topics import command_topic
from edge.agent.settings import DeviceSettings, RatesSettings
from edge.agent.source_settings import SceneSourceSettings
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.mqtt import MqttClient
from tests.broker import Broker
from tests.eventually import eventually
from tests.ingest_double import IngestDouble, ingest_double
from tests.running_agent import of, running_agent

EVENING = datetime(2026, 1, 5, 21, 30, tzinfo=UTC)
NIGHT = RecordingSettings(mode="schedule", schedule=(ScheduleWindow(start="22:00", end="23:00"),))
GATE = DeviceSettings(
    site="YARD",
    device="GATE",
    visual=SceneSourceSettings(kind="scene", scene="visual", seed=3),
    recording=NIGHT,
    rates=RatesSettings(segment_s=1),
)


def ask(port: int, request_id: str, zone: str) -> None:
    client = MqttClient(BrokerAddress(port=port), "test")
    client.connect("127.0.0.1", port)
    client.loop_start()
    request = CommandRequest(request_id=request_id, name="settings", by="hub", settings={"place": {"time_zone": zone}})
    client.publish(
        command_topic(device_source("YARD", "GATE"), "settings"), request.to_bytes(), qos=1
    ).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def recorder(ingest: IngestDouble) -> list[tuple[bool, str | None]]:
    return [(event.data.recording, event.data.reason) for event in of(ingest, RecorderEvent)]


def zones(ingest: IngestDouble) -> list[str | None]:
    return [event.data.settings["place"]["time_zone"] for event in of(ingest, SettingsEvent)]


def test_a_schedule_begins_at_the_hour_of_the_new_zone_and_goes_by_it_after_a_start(
    broker: Broker, tmp_path: Path
) -> None:
    ahead = utc_now() - EVENING
    with ingest_double(broker.port) as ingest:
        with running_agent(broker.port, tmp_path, GATE, wall=lambda: utc_now() - ahead):
            eventually(lambda: recorder(ingest) == [(False, "schedule")])
            ask(broker.port, "r1", "Europe/Berlin")
            eventually(lambda: recorder(ingest)[1:] == [(True, None)])
            ask(broker.port, "r2", "Mars/Olympus")
            refusal = eventually(lambda: [one for one in of(ingest, CommandEvent) if one.data.state == "failed"])[0]
        stopped = utc_now() - ahead
        with running_agent(broker.port, tmp_path, GATE, wall=lambda: utc_now() - ahead):
            eventually(lambda: any(event.time > stopped for event in of(ingest, SegmentEvent)))
    decisions, reported = recorder(ingest), zones(ingest)

    assert refusal.data.detail == (
        "'Mars/Olympus' is no IANA time zone; write it as Europe/Berlin, or the time zones of this machine are too old"
    )
    assert decisions.count((False, "schedule")) == 1
    assert reported == ["UTC", "Europe/Berlin"]
