"""An agent to which anything is sent: its devices analyse what a sensor gives while random commands arrive.

`python -m tests.random_agent --commands 100000` sends it as many, and says what became of them.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
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
from edge.agent.command_actions import REOPENED_WITHIN_S
from edge.agent.command_handler import CommandHandler
from edge.agent.context import AgentContext
from edge.agent.device import DeviceRunner
from edge.agent.event_emitter import EventEmitter
from edge.agent.pending_commands import PendingCommands
from edge.agent.settings import DeviceSettings, RatesSettings, SceneDetectorSettings
from edge.agent.settings_store import SettingsStore
from edge.agent.source_settings import SceneSourceSettings
from edge.capture.loop import Pipeline
from edge.capture.sources.source import CameraFrame, ThermalFrame
from producer.clock import DisciplinedClock
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Draft
from producer.relay.bus_messages import Incoming, Outgoing
from tests.node_parts import NOON
from tests.random_commands import command

RESTARTS = 10
"""How often the agent is started again during one run."""

IMPOSSIBLE = "colder than what it would reflect"
"""Said of settings that somebody may make, and rightly: the frames are analysed all the same."""


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
            device = DeviceRunner(settings, current, event_factory, context, self.count, lambda *_, **__: None)
            self.devices["YARD", name] = device
            self.pipelines[name] = [device._make_visual(name), device._make_thermal(name)]
        snapshots = PendingCommands(lambda: self.now_s)
        self.handler = CommandHandler(self.devices, self.store, self.emitter, self.said.append, context, snapshots)

    def count(self, drafts: Any) -> None:
        self.put.update((draft.event.source, type(draft.event)) for draft in drafts if isinstance(draft, Draft))

    def ask(self, name: str, payload: bytes) -> Command:
        self.said.clear()
        topic = command_topic(self.settings["TARGET"].source, "x" if len(name) > 64 else name)
        self.handler.answer(Incoming(topic, payload, "answers", b"42"))
        self.now_s += REOPENED_WITHIN_S
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

    def restarted(self) -> list[str]:
        """Start it again; sentences where its devices are not set as they were."""
        before = {name: device.adjustable for name, device in self.devices.items()}
        self.start()
        now = {name: device.adjustable for name, device in self.devices.items()}
        return [f"{name} is set otherwise after a restart" for name in before if before[name] != now[name]]

    def faults(self) -> Iterator[str]:
        """What is wrong with it: devices whose analysis stands still, lost frames, settings that are set aside."""
        if self.devices["YARD", "NEIGHBOUR"].adjustable != self.settings["NEIGHBOUR"].adjustable():
            yield "the neighbour is set otherwise"
        for (_, name), device in self.devices.items():
            found = [one.analysis for one in device.facts if one.analysis is not None]
            yield from (f"{name}: {one}" for one in found if IMPOSSIBLE not in one)
        for name, settings in self.settings.items():
            if trouble := self.store.trouble(settings.source):
                yield f"{name}: {trouble}"
            for model in (ThermalEvent, FrameEvent):
                if self.put[settings.source, model] != self.number:
                    yield f"{name}: {self.put[settings.source, model]} of {self.number} {model.__name__}s"


def take(pipeline: Pipeline, reading: Any) -> None:
    pipeline.take(reading)


@contextmanager
def analysing(agent: Agent) -> Iterator[None]:
    """Frame after frame in a thread of its own, as sources have one. Raises what it ends with."""
    stopping, failed = Flag(), list[BaseException]()

    def analyse() -> None:
        chance = np.random.default_rng(1)
        try:
            while not stopping.is_set():
                agent.observe(chance)
        except BaseException as error:  # noqa: BLE001 - raised again in the other thread
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


@dataclass(slots=True)
class Run:
    """What became of so many commands; `wrong` are sentences, none where all is well."""

    states: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    took_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rate = sum(self.states.values()) / max(self.took_s, 1e-9)
        return f"{dict(self.states)}, {self.frames} frames a sensor, {self.took_s:.0f} s, {rate:.0f}/s"


def run(folder: Path, commands: int, seed: int, frames_every: int = 1) -> Run:
    """One command after the other. A frame is analysed after each `frames_every`th that changed something."""
    chance, pixels, made, changes = Random(seed), np.random.default_rng(seed), Run(), 0
    restart_every = max(100, commands // RESTARTS)
    began = time.monotonic()
    with Outbox(folder / "o.sqlite", utc_now) as outbox:
        agent = Agent(folder, outbox)
        for number in range(commands):
            answer = agent.ask(*command(chance, number))
            made.states[answer.state] += 1
            if answer.state != "done" and not answer.detail:
                made.wrong.append(f"command {number} was refused without a reason")
            changes += answer.state == "done"
            if (answer.state == "done" and changes % frames_every == 0) or number % (10 * frames_every) == 0:
                agent.observe(pixels)
            if number % restart_every == restart_every - 1:
                made.wrong += agent.restarted()
        made.wrong += agent.faults()
        made.frames = agent.number
    made.took_s = time.monotonic() - began
    return made


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.random_agent", description=__doc__)
    parser.add_argument("--commands", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frames-every", type=int, default=10, help="analyse after each so many changes")
    given = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    with TemporaryDirectory() as folder:
        made = run(Path(folder), given.commands, given.seed, given.frames_every)
    sys.stdout.write("".join(f"{line}\n" for line in (f"seed {given.seed}: {made}", *made.wrong)))
    return 1 if made.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
