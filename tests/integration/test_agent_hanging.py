"""Cameras that accept a connection and then say nothing."""

import os
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from bus_schemas.node import Health, HealthEvent, HeartbeatEvent
from edge.agent.settings import DeviceSettings, OnnxDetectorSettings, RatesSettings
from edge.agent.source_settings import RtspSourceSettings, SceneSourceSettings
from producer.outbox.tables import connect
from tests.broker import Broker
from tests.eventually import eventually
from tests.running_agent import running_agent
from watchpost.processes.supervisor import KILL_AFTER_S

COUNT = 12


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        yield listening.getsockname()[1]


def events(data: Path) -> list[Event]:
    bodies: list[bytes] = []
    # There is none before the agent has begun.
    with suppress(sqlite3.OperationalError), closing(connect(data / "outbox" / "yard.sqlite")) as connection:
        bodies = [body for (body,) in connection.execute("select body from outbox_event order by position")]
    return list(read_stored(bodies))


def healths(data: Path, device: str) -> list[Health]:
    return [e.data for e in events(data) if isinstance(e, HealthEvent) and e.source.endswith(f"/{device}")]


def test_cameras_that_never_answer_are_not_healthy_and_hold_up_no_last_event(
    broker: Broker, tmp_path: Path, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.agent.health.OPENING_S", 3.0)  # The good one answers within it.
    names = [f"HUNG{number}" for number in range(COUNT)]
    hung = [
        DeviceSettings(
            site="YARD",
            device=name,
            visual=RtspSourceSettings(kind="rtsp", url=f"rtsp://127.0.0.1:{silent_port}/{name}"),
        )
        for name in names
    ]
    good = DeviceSettings(site="YARD", device="GOOD", visual=SceneSourceSettings(kind="scene", scene="visual", seed=3))
    with running_agent(broker.port, tmp_path, *hung, good):
        eventually(lambda: all(healths(tmp_path, name) for name in names))
        eventually(lambda: len(healths(tmp_path, "GOOD")) >= 1)
        began = time.monotonic()
    stopped_after = time.monotonic() - began

    for name in names:
        reported = healths(tmp_path, name)
        assert [one.status for one in reported] == ["degraded", "stopped"]
        assert reported[0].reason is not None
        assert reported[0].reason.startswith("no answer for ")
    assert healths(tmp_path, "GOOD")[0].status == "healthy"
    beats = [
        event.source
        for event in events(tmp_path)
        if isinstance(event, HeartbeatEvent) and event.data.status == "stopping"
    ]
    assert set(Counter(beats).values()) == {1}
    assert len(beats) == COUNT + 1
    assert stopped_after < KILL_AFTER_S


def test_a_model_that_is_a_pipe_keeps_nobody_from_recording(broker: Broker, tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    os.mkfifo(model)
    watched = DeviceSettings(
        site="YARD",
        device="WATCHED",
        visual=SceneSourceSettings(kind="scene", scene="visual", seed=3),
        detector=OnnxDetectorSettings(kind="onnx", model=model),
        rates=RatesSettings(segment_s=1),
    )
    with running_agent(broker.port, tmp_path, watched):
        reported = eventually(lambda: [one for one in healths(tmp_path, "WATCHED") if one.is_recording])

    assert reported[0].reason == f"the detector cannot be used: {model}: it is a pipe, not a file"
