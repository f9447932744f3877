"""A quarter of an hour of a site where everything happens: what its devices, its people and its hub say, by chance.

Two agents with cameras and sensors, and foreign devices that only publish. Each thing changes how it is now and then;
agents are cut off and send what they kept, stop and begin again; people do what `varied_people` says.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bus_schemas.event import Event
from bus_schemas.node import LOST, STOPPED
from tests import builders
from tests.builders import at
from tests.contract.story import picture
from tests.varied_hub import VariedHub
from tests.varied_people import People
from tests.whole_hub import Bus

STEP_S = 5
PICTURE = picture(120)
CAMERA = (
    "well",
    "well",
    "well",
    "black",
    "frozen",
    "smeared",
    "in blocks",
    "mute",
    "blind",
    "degraded",
    "stale",
    "over",
    "silent",
    "fast clock",
)
SENSOR = ("well", "well", "well", "warm", "hot", "burning", "broken", "torn", "repeating", "degraded", "silent")
INTACT: dict[str, Any] = {"corrupt_rows": False, "macroblocks": False}
UNJUDGED: dict[str, Any] = dict.fromkeys(("blackscreen", "freeze", "audio", *INTACT))
FRAMES: dict[str, dict[str, Any]] = {
    "black": {"blackscreen": True, "freeze": True},
    "frozen": {"freeze": True},
    "smeared": {"corrupt_rows": True, "macroblocks": True},
    "in blocks": {"macroblocks": True},
    "mute": {"audio": False},
    "blind": UNJUDGED,
}
DEGREES = {"well": 40.0, "warm": 77.0, "hot": 90.0, "burning": 120.0}
FAULTS = {"torn": "sensor_chessboard", "repeating": "sensor_frozen"}
AHEAD_S = 900.0


@dataclass
class Agent:
    """An agent and its devices by name, with how each is; what it cannot send it keeps."""

    name: str
    devices: dict[str, str]
    epoch: str = ""
    state: str = "new"
    since: float = 0.0
    lives: int = 0
    sequences: dict[str, int] = field(default_factory=dict)
    kept: list[Event] = field(default_factory=list)
    memory_percent: float = 40.0

    def begin(self, second: float) -> None:
        self.lives += 1
        self.epoch, self.since = f"{self.name}-{self.lives}", second
        self.sequences.clear()

    def numbered(self, event: Event) -> Event:
        number = self.sequences[event.source] = self.sequences.get(event.source, 0) + 1
        return event.model_copy(update={"epoch": self.epoch, "sequence": number})


class VariedSite:
    """Says into the bus what comes next, one step after the other."""

    def __init__(self, bus: Bus, seed: int) -> None:
        self._bus = bus
        self._chance = Random(seed)
        self.agents = [
            Agent("node-1", {"yard": "well", "gate": "well", "oven": "well"}),
            Agent("node-2", {"roof": "well", "kiln": "well"}),
        ]
        self._people = People(bus, self._chance)
        self._hub = VariedHub(bus, seed)
        self._foreign = {"door": "well", "lamp": "well", "beacon": "well"}
        self._deaf_until = 0.0

    def step(self, second: int) -> None:
        """Five seconds."""
        if second < self._deaf_until:
            return
        self._bus.tick(second, **self._hub.beat(second))
        self._hub.step(second)
        if second > 200 and self._chance.random() < 0.01:
            self._deaf_until = second + self._chance.choice((40, 70))
        for agent in self.agents:
            self._agent(agent, second)
        for event in self._of_foreign(second):
            self._bus.say(event, second + 0.3, PICTURE)
        if self._chance.random() < 0.15:
            self._people.act(second)

    def _agent(self, agent: Agent, second: int) -> None:
        """It is beginning, running, cut off, or stopped."""
        before, agent.state = agent.state, self._next(agent, second)
        if agent.state == "beginning" and before != "beginning":
            agent.begin(second)
        if agent.state != before:
            for event in self._transition(agent, second):
                self._bus.say(event, second + 0.1)
        if self._chance.random() < 0.03:
            agent.memory_percent = self._chance.choice((40.0, 70.0, 97.0))
        if agent.state != "stopped":
            agent.kept += [agent.numbered(event) for event in self._observed(agent, second)]
        if agent.state in ("beginning", "running"):
            for event in agent.kept:
                self._bus.say(event, second + 0.2, PICTURE)
            agent.kept.clear()

    def _next(self, agent: Agent, second: int) -> str:
        match agent.state:
            case "running":
                return self._chance.choices(("running", "cut", "stopped"), (0.985, 0.01, 0.005))[0]
            case "beginning":
                return "running" if second - agent.since >= 2 * STEP_S else "beginning"
            case state:
                back = {"cut": "running"}.get(state, "beginning")
                return back if state == "new" or self._chance.random() < 0.15 else state

    def _transition(self, agent: Agent, second: int) -> Iterator[Event]:
        reason = {"cut": LOST, "stopped": STOPPED}.get(agent.state)
        for name in agent.devices:
            if agent.state == "stopped":
                yield agent.numbered(self._beat(agent, name, second, status="stopping"))
            yield builders.state(at(second), device=name, online=reason is None, reason=reason)

    def _beat(self, agent: Agent, name: str, second: int, **given: Any) -> Event:
        load = {
            "disk_percent": self._chance.choices((50.0, 90.0, 96.0), (0.95, 0.03, 0.02))[0],
            "memory_percent": agent.memory_percent,
        }
        return builders.heartbeat(at(second), device=name, node=agent.name, disk_id=agent.name, system=load, **given)

    def _observed(self, agent: Agent, second: int) -> Iterator[Event]:
        for name, mode in agent.devices.items():
            if second % 10 == 0:
                yield self._beat(agent, name, second)
            if agent.state == "beginning":
                continue
            if self._chance.random() < 0.06:
                mode = agent.devices[name] = self._chance.choice(SENSOR if name in ("oven", "kiln") else CAMERA)
            if name in ("oven", "kiln"):
                yield from self._read(name, mode, second)
            else:
                yield from self._seen(name, mode, second)

    def _seen(self, name: str, mode: str, second: int) -> Iterator[Event]:
        moment = at(second + AHEAD_S) if mode == "fast clock" else at(second)
        if second % 10 == 0 and mode != "silent":
            yield self._health(name, mode, second)
        if mode in ("degraded", "stale", "over", "silent"):
            return
        thumbnail = builders.media(moment, PICTURE, device=name)
        if second % 20 == 0:
            yield thumbnail
        yield builders.frame(moment, device=name, **{"media": (thumbnail.data.key,), **INTACT, **FRAMES.get(mode, {})})
        if second % 10 == 0:
            yield builders.segment(at(second - 10), device=name)
        if self._chance.random() < 0.1:
            yield builders.motion(moment, device=name)

    def _health(self, name: str, mode: str, second: int) -> Event:
        status = {"degraded": "degraded", "stale": "stale", "over": "stopped"}.get(mode, "healthy")
        kinds = ("thermal",) if name in ("oven", "kiln") else ("visual",)
        given: dict[str, Any] = {"kinds": kinds, "reason": None if status == "healthy" else f"it is {mode}"}
        if status != "healthy":
            given |= {"last_frame_time": at(second - 40), "is_recording": False}
        return builders.health(at(second), status, device=name, **given)

    def _read(self, name: str, mode: str, second: int) -> Iterator[Event]:
        if second % 10 == 0 and mode != "silent":
            yield self._health(name, mode, second)
        if mode == "broken":
            yield builders.thermal(at(second), device=name, regions=(), hot_spots=(), bad_pixels=768)
        elif mode in FAULTS:
            faults = ({"fault": FAULTS[mode], "since": at(second - 30), "value": 5.0, "limit": 1.0},)
            yield builders.sensor(at(second), device=name, faults=faults)
        elif mode in DEGREES:
            if second % 20 == 0:
                yield builders.sensor(at(second), device=name)
            yield builders.thermal(at(second), device=name, hottest=DEGREES[mode])

    def _of_foreign(self, second: int) -> Iterator[Event]:
        """A door that detects, a lamp that only says whether it is there, and a beacon of which there are beats."""
        if self._chance.random() < 0.1:
            yield builders.detection(at(second), device="door", people_count=self._chance.randrange(3))
        if self._chance.random() < 0.05:
            yield builders.state(at(second), device="lamp", online=self._chance.random() < 0.5)
        if self._foreign["beacon"] == "well" and second % 10 == 0:
            yield builders.heartbeat(at(second), device="beacon")
        if self._chance.random() < 0.02:
            self._foreign["beacon"] = self._chance.choice(("well", "silent"))
