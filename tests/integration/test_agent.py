"""The agent with drawn devices at a real broker, with an ingest that speaks the watermark protocol."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from bus_schemas.camera import DetectionEvent, FrameEvent
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent, SegmentEvent
from bus_schemas.node import HealthEvent, HeartbeatEvent, SettingsEvent
from bus_schemas.thermal import ThermalEvent
from edge.node import run
from edge.settings import DeviceSettings, NodeSettings, Rates, SceneDetector
from edge.source_settings import SceneSource
from mosquitto.launcher import Broker
from producer.broker import BrokerAddress
from tests.eventually import eventually
from tests.ingest_double import IngestDouble, ingest_double

T = TypeVar("T", bound=Event)
RATES = Rates(segment_s=1, thermal_frame_s=2)
YARD = DeviceSettings(
    site="YARD",
    device="GATE",
    visual=SceneSource(kind="scene", scene="visual", seed=3),
    thermal=SceneSource(kind="scene", scene="thermal", seed=3),
    detector=SceneDetector(kind="scene"),
    rates=RATES,
)


@contextmanager
def running_agent(port: int, data: Path, *devices: DeviceSettings) -> Iterator[None]:
    stopping = threading.Event()
    settings = NodeSettings(node="yard", devices=devices)
    with ThreadPoolExecutor(1) as pool:
        agent = pool.submit(run, settings, BrokerAddress(port=port), data, stopping, environ={})
        try:
            yield
        finally:
            stopping.set()
            agent.result(timeout=3)


def of(ingest: IngestDouble, model: type[T]) -> list[T]:
    return [event for event in ingest.all_events() if isinstance(event, model)]


def test_a_drawn_device_tells_everything_that_it_sees(broker: Broker, tmp_path: Path) -> None:
    with ingest_double(broker.port) as ingest, running_agent(broker.port, tmp_path, YARD):
        wanted = (FrameEvent, DetectionEvent, ThermalEvent, SegmentEvent, HealthEvent, HeartbeatEvent, SettingsEvent)
        for model in wanted:
            eventually(lambda model=model: of(ingest, model), within=20, what=model.__name__)
        kinds = {"capture", "thumbnail", "segment", "thermal"}
        eventually(lambda: {event.data.kind for event in of(ingest, MediaEvent)} >= kinds, within=10)

    assert not ingest.malformed
