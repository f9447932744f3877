"""No value that reaches an agent stops it: random commands against devices that analyse what a sensor gives.

`WATCHPOST_RANDOM_COMMANDS=100000` makes it as many; `WATCHPOST_RANDOM_SEED` makes them others.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event as Flag
from threading import Thread
from typing import Any

import numpy as np
import structlog
from av.video.frame import VideoFrame

from bus_schemas.camera import FrameEvent
from bus_schemas.node import Command
from bus_schemas.thermal import ThermalEvent
from bus_schemas.topics import command_topic
from edge.agent.command_handler import CommandHandler
from edge.agent.context import AgentContext
from edge.agent.device import DeviceRunner
from edge.agent.event_emitter import EventEmitter
from edge.agent.settings import DeviceSettings, RatesSettings, SceneDetectorSettings
from edge.agent.settings_store import SettingsStore
from edge.agent.snapshots import WITHIN_S, SnapshotRequests
from edge.agent.source_settings import SceneSourceSettings
from edge.capture.loop import Pipeline
from edge.capture.sources.source import CameraFrame, ThermalFrame
from producer.clock import DisciplinedClock
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Draft
from producer.relay.session import Incoming, Outgoing
from tests.node_parts import NOON
from tests.random_commands import command

COMMANDS = int(os.environ.get("WATCHPOST_RANDOM_COMMANDS", "400"))
SEED = int(os.environ.get("WATCHPOST_RANDOM_SEED", "1"))
RESTART_EVERY = max(100, COMMANDS // 10)


def camera(device: str) -> DeviceSettings:
    return DeviceSettings(
        site="YARD",
        device=device,
        visual=SceneSourceSettings(kind="scene", scene="visual"),
        thermal=SceneSourceSettings(kind="scene", scene="thermal"),
        detector=SceneDetectorSettings(kind="scene", every_s=0.1),
        rates=RatesSettings(record=False, thermal_fps=8, capture_fps=0.01, thumbnail_fps=0.01, live_fps=0.01),
    )


class Agent:
    """The target of the commands and a neighbour; what they observe is given to them frame by frame."""

    def __init__(self, folder: Path, outbox: Outbox) -> None:
        self.folder = folder
        self.settings = {name: camera(name) for name in ("TARGET", "NEIGHBOUR")}
        sources = [one.source for one in self.settings.values()]
        self.emitter = EventEmitter(outbox, DisciplinedClock(utc_now), sources)
        self.said: list[Outgoing] = []
        self.put: Counter[tuple[str, type]] = Counter()
        self.moment, self.number, self.now_s = NOON, 0, 0.0
        self.start()

    def start(self) -> None:
        """As the agent does when it is started again."""
        context = AgentContext(utc_now, Flag().wait, {}, NOON)
        self.store = SettingsStore(self.folder / "yard.json", [one.source for one in self.settings.values()])
        self.devices, self.pipelines = {}, {}
        for name, settings in self.settings.items():
            current = self.store.current(settings.source, settings.adjustable())
            event_factory = self.emitter.event_factories[settings.source]
            device = DeviceRunner(settings, current, event_factory, context, self.count, lambda *_: None)
            self.devices["YARD", name] = device
            self.pipelines[name] = [device._make_visual(name), device._make_thermal(name)]
        snapshots = SnapshotRequests(lambda: self.now_s)
        self.handler = CommandHandler(self.devices, self.store, self.emitter, self.said.append, context, snapshots)

    def count(self, drafts: Any) -> None:
        self.put.update((draft.event.source, type(draft.event)) for draft in drafts if isinstance(draft, Draft))

    def ask(self, name: str, payload: bytes) -> Command:
        self.said.clear()
        topic = command_topic(self.settings["TARGET"].source, "x" if len(name) > 64 else name)
        self.handler.answer(Incoming(topic, payload, "answers", b"42"))
        self.now_s += WITHIN_S
        self.handler.poll()
        (said,) = self.said
        return Command.model_validate_json(said.payload)

    def observe(self, chance: np.random.Generator) -> None:
        """A second passes, and each device gets a picture and a frame of temperatures."""
        self.moment, self.number = self.moment + timedelta(seconds=1), self.number + 1
        grey = chance.integers(0, 255, (270, 320), np.uint8)
        frame = CameraFrame(self.moment, self.number, VideoFrame.from_ndarray(grey, format="yuv420p"))
        heat = ThermalFrame(self.moment, self.number, chance.normal(40, 30, (24, 32)).astype(np.float32))
        for visual, thermal in self.pipelines.values():
            take(visual, frame)
            take(thermal, heat)


def take(pipeline: Pipeline, reading: Any) -> None:
    pipeline.take(reading)


@contextmanager
def analysing(agent: Agent) -> Iterator[None]:
    """Frame after frame in a thread of its own, as sources have one. Raises what it ends with."""
    stopping, failed = Flag(), list[BaseException]()

    def analyse() -> None:
        chance = np.random.default_rng(SEED)
        try:
            while not stopping.is_set():
                agent.observe(chance)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread of the test
            failed.append(error)

    thread = Thread(target=analyse, name="analysing")
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
    if failed:
        raise failed[0]


def test_no_command_stops_an_agent_and_its_devices_go_on(tmp_path: Path) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    chance, pixels = Random(SEED), np.random.default_rng(SEED)
    states: Counter[str] = Counter()
    began = time.monotonic()
    with Outbox(tmp_path / "o.sqlite", utc_now) as outbox:
        agent = Agent(tmp_path, outbox)
        for number in range(COMMANDS):
            answer = agent.ask(*command(chance, number))
            states[answer.state] += 1
            assert answer.state == "done" or answer.detail
            if answer.state == "done" or number % 10 == 0:
                agent.observe(pixels)
            if number % RESTART_EVERY == RESTART_EVERY - 1:
                before = [device.adjustable for device in agent.devices.values()]
                agent.start()
                assert [device.adjustable for device in agent.devices.values()] == before
        facts = [one.analysis for device in agent.devices.values() for one in device.facts]
    took = time.monotonic() - began
    print(f"{COMMANDS} commands, seed {SEED}: {dict(states)}, {agent.number} frames, {took:.0f} s")  # noqa: T201

    assert min(states["done"], states["failed"]) > COMMANDS / 10
    assert agent.devices["YARD", "NEIGHBOUR"].adjustable == agent.settings["NEIGHBOUR"].adjustable()
    assert facts == [None] * 4
    for settings in agent.settings.values():
        assert agent.store.trouble(settings.source) is None
        assert agent.put[settings.source, ThermalEvent] == agent.number
        assert agent.put[settings.source, FrameEvent] == agent.number


def test_commands_come_while_the_devices_analyse_and_some_of_them_twice(tmp_path: Path) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    chance = Random(SEED)
    with Outbox(tmp_path / "o.sqlite", utc_now) as outbox:
        agent = Agent(tmp_path, outbox)
        device = agent.devices["YARD", "TARGET"]
        with analysing(agent):
            for number in range(COMMANDS // 2):
                name, payload = command(chance, number)
                answer, now = agent.ask(name, payload), device.adjustable
                if chance.random() < 0.3:
                    assert agent.ask(name, payload) == answer
                    assert device.adjustable == now
        facts = [one.analysis for device in agent.devices.values() for one in device.facts]

    assert facts == [None] * 4
    for settings in agent.settings.values():
        assert agent.put[settings.source, ThermalEvent] == agent.put[settings.source, FrameEvent] == agent.number
    assert agent.number > 0
