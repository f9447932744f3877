"""One bad source in an agent costs itself: the good neighbour's recording is whole, and the reason is told."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

import edge.agent.device as device_module
from bus_schemas.media import SegmentEvent
from bus_schemas.node import HealthEvent, HeartbeatEvent
from bus_schemas.thermal import ThermalEvent
from edge.agent.context import AgentContext
from edge.agent.settings import DeviceSettings, RatesSettings
from edge.agent.source_factory import thermal_source
from edge.agent.source_settings import RtspSourceSettings, SceneSourceSettings
from edge.capture.sources.source import Reading, Source, ThermalFrame
from producer.ids import utc_now
from producer.outbox.committer import Committer
from producer.outbox.tables import Item
from tests.broker import Broker
from tests.capture_errors import ERRORS
from tests.eventually import eventually
from tests.ingest_double import IngestDouble, ingest_double
from tests.running_agent import of, running_agent

THERMAL = SceneSourceSettings(kind="scene", scene="thermal", seed=3)
GOOD = DeviceSettings(
    site="YARD",
    device="GOOD",
    visual=SceneSourceSettings(kind="scene", scene="visual", seed=3),
    rates=RatesSettings(segment_s=1),
)
BAD = DeviceSettings(
    site="YARD",
    device="BAD",
    visual=SceneSourceSettings(kind="scene", scene="visual", seed=4),
    thermal=THERMAL,
    rates=RatesSettings(segment_s=1),
)
UNSET = DeviceSettings(site="YARD", device="UNSET", visual=RtspSourceSettings(kind="rtsp", url_env="NOT_SET_ANYWHERE"))
STEPS = ("open", "read", "close", "analyse")


class Faulty:
    """A real source that fails with each error at each of its steps, one after the other, for ever."""

    def __init__(self, source: Source, faults: Iterator[tuple[str, BaseException]]) -> None:
        self._source = source
        self._faults = faults
        self._step, self._error = next(faults)
        self.failed = 0

    def open(self) -> None:
        self._step, self._error = next(self._faults)
        self._fail("open")
        self._source.open()

    def read(self) -> Reading | None:
        self._fail("read")
        reading = self._source.read()
        if self._step == "analyse" and isinstance(reading, ThermalFrame):
            self.failed += 1
            self._step = "read"
            return ThermalFrame(reading.time, reading.sequence, np.zeros((0, 3), np.float32))
        if self._step == "close":
            self.failed += 1
            raise OSError("so that it is closed")
        return reading

    def close(self) -> None:
        self._source.close()
        self._fail("close")

    def _fail(self, step: str) -> None:
        if step == self._step:
            self.failed += 1
            raise self._error


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> list[Faulty]:
    """The thermal sources of the bad device, as they are built."""
    built: list[Faulty] = []
    faults = cycle([(step, error) for error in ERRORS for step in STEPS])
    monkeypatch.setattr("edge.capture.loop.Retries.wait_s", lambda *_, **__: 0.02)

    def source(settings: DeviceSettings, around: AgentContext) -> Source:
        made = thermal_source(settings, around)
        if settings.device != BAD.device:
            return made
        built.append(Faulty(made, faults))
        return built[-1]

    monkeypatch.setattr(device_module, "thermal_source", source)
    return built


def recorded_share(ingest: IngestDouble, source: str) -> float:
    """Of the time from the first to the last recorded picture."""
    segments = sorted(
        (event.data.start.timestamp(), event.data.duration_s)
        for event in of(ingest, SegmentEvent)
        if event.source == source
    )
    span = segments[-1][0] + segments[-1][1] - segments[0][0]
    return sum(seconds for _, seconds in segments) / span


def segments_of(ingest: IngestDouble, source: str) -> list[SegmentEvent]:
    return [event for event in of(ingest, SegmentEvent) if event.source == source]


def test_every_error_at_every_step_of_a_source_leaves_its_neighbours_whole(
    broker: Broker, tmp_path: Path, faulty: list[Faulty]
) -> None:
    needed = len(ERRORS) * len(STEPS)
    failures: Callable[[], bool] = lambda: sum(source.failed for source in faulty) >= 2 * needed  # noqa: E731 - short, and typed
    with ingest_double(broker.port) as ingest, running_agent(broker.port, tmp_path, GOOD, BAD, UNSET):
        eventually(failures, what="all failures")
        eventually(lambda: len(segments_of(ingest, GOOD.source)) >= 8)
        eventually(partial(segments_of, ingest, BAD.source))
    healths = {
        source: [e.data for e in of(ingest, HealthEvent) if e.source == source]
        for source in (GOOD.source, BAD.source, UNSET.source)
    }

    assert recorded_share(ingest, GOOD.source) >= 0.99
    assert recorded_share(ingest, BAD.source) >= 0.99
    assert all(health.reason for device in healths.values() for health in device if health.status != "healthy")
    assert {health.status for health in healths[GOOD.source][:-1]} <= {"healthy", "not_started"}
    # Which of them a report catches is a matter of moments.
    names = [type(error).__name__ for error in ERRORS]
    assert any(name in (health.reason or "") for health in healths[BAD.source] for name in names)
    assert any("NOT_SET_ANYWHERE" in (health.reason or "") for health in healths[UNSET.source])
    beats = [event.data.uptime_s for event in of(ingest, HeartbeatEvent) if event.source == GOOD.source]
    assert [uptime < 5 for uptime in beats].count(True) == 1, "an agent that begins anew says so at once"


def test_an_agent_whose_outbox_fails_begins_anew(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensor = DeviceSettings(site="YARD", device="SENSOR", thermal=THERMAL)
    real, broken = Committer._commit_anew, threading.Event()

    def commit(committer: Committer, due: list[Item]) -> bool:
        if broken.is_set():
            broken.clear()
            raise sqlite3.DatabaseError("database disk image is malformed")
        return real(committer, due)

    monkeypatch.setattr(Committer, "_commit_anew", commit)
    with ingest_double(broker.port) as ingest, running_agent(broker.port, tmp_path, sensor):
        eventually(lambda: of(ingest, ThermalEvent))
        broken.set()
        eventually(lambda: not broken.is_set())
        failed_at = utc_now()
        eventually(lambda: of(ingest, ThermalEvent)[-1].time > failed_at, what="events after the failure")
