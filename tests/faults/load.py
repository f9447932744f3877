"""A node under test as a process: several devices with events and pictures, an outbox, a relay, and a ledger.

The ledger holds the ids of what the outbox called durable. It is written after the commit, so whatever it names must
arrive, whoever is killed.
"""

import os
import random
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bus_schemas.event import device_source
from edge.agent.event_emitter import EventEmitter
from producer.broker import BrokerAddress
from producer.clock import DisciplinedClock
from producer.ids import Clock, Ids
from producer.outbox.disk import DiskReserve
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Draft
from producer.relay.relay import Relay
from tests import builders
from tests.faults.clock import FileClock
from tests.faults.pictures import picture

DEVICES = (("YARD", "GATE"), ("YARD", "DOOR"), ("HALL", "ROOF"))


@dataclass(frozen=True)
class Node:
    """`outbox` is the file; `home` is where the ledger and the sign to stop are, never on the disk under test."""

    home: Path
    outbox: Path
    clock: Path
    port: int
    seed: int
    pace_s: float = 0.004
    backlog: int = 0
    """Events to put at once and before anything else, in large commits."""
    picture_bytes: int = 4000
    devices: int = 0
    """So many besides the three, each with streams of its own."""
    room: DiskReserve | None = None

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        return *DEVICES, *(("HALL", f"D{number}") for number in range(self.devices))

    @property
    def ledger(self) -> Path:
        return self.home / "ledger"

    @property
    def quiet(self) -> Path:
        """While this file is there nothing new is observed."""
        return self.home / "quiet"


class Observer:
    """Makes groups of events, of any type and device, the pictures before the events that refer to them."""

    def __init__(
        self, seed: int, clock: Clock, picture_bytes: int, places: Sequence[tuple[str, str]] = DEVICES
    ) -> None:
        self._dice = random.Random(seed)
        self._places = places
        self._clock = clock
        self._new_id = Ids(clock)
        self._picture_bytes = picture_bytes

    def group(self, size: int) -> list[Draft]:
        drafts: list[Draft] = []
        while len(drafts) < size:
            drafts += self._one()
        return drafts

    def _one(self) -> Iterator[Draft]:
        site, device = self._dice.choice(self._places)
        given = {"site": site, "device": device}
        choice, now = self._dice.random(), self._clock()
        if choice < 0.1:
            payload = picture(self._dice, self._picture_bytes)
            kind = self._dice.choice(("capture", "thumbnail"))
            medium = builders.media(now, payload, kind=kind, id=self._new_id(), **given)
            yield Draft(medium, payload)
            yield Draft(builders.frame(now, id=self._new_id(), media=(medium.data.key,), **given))
        elif choice < 0.6:
            yield Draft(builders.detection(now, id=self._new_id(), people_count=self._dice.randrange(9), **given))
        elif choice < 0.8:
            yield Draft(builders.frame(now, id=self._new_id(), blackscreen=self._dice.random() < 0.3, **given))
        elif choice < 0.9:
            yield Draft(builders.thermal(now, id=self._new_id(), hottest=self._dice.choice((40.0, 96.0)), **given))
        elif choice < 0.95:
            yield Draft(builders.motion(now, id=self._new_id(), **given))
        else:
            yield Draft(builders.health(now, id=self._new_id(), **given))


def run(node: Node, life: int) -> None:
    """The process; `journal_id` is how often it was started, so that each observes something else."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    clock = DisciplinedClock(FileClock(node.clock))
    relay = Relay(node.outbox, BrokerAddress(port=node.port), clock)
    with Outbox(node.outbox, clock, on_commit=relay.wake, room=node.room) as outbox:
        thread = threading.Thread(target=relay.run, args=(stopping,))
        thread.start()
        observer = Observer(node.seed * 1000 + life, clock, node.picture_bytes, node.places)
        _observe(
            node,
            observer,
            EventEmitter(outbox, clock, sorted(device_source(*place) for place in node.places)),
            stopping,
        )
        stopping.wait()
        thread.join()


def _observe(node: Node, observer: Observer, emitter: EventEmitter, stopping: threading.Event) -> None:
    dice = random.Random(node.seed + 1)
    ledger = os.open(node.ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    written = 0
    while not stopping.is_set() and (written < node.backlog or not node.quiet.exists()):
        group = observer.group(500 if written < node.backlog else dice.randrange(1, 12))
        emitter.put(group, durable=True)
        os.write(ledger, "".join(f"{draft.event.id}\n" for draft in group).encode())
        written += len(group)
        if written >= node.backlog:
            stopping.wait(node.pace_s)
    os.close(ledger)
