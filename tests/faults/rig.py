"""All parts of the product on one machine, under load, for a scenario to break; then healed, drained and checked."""

import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.context import ForkServerContext
from pathlib import Path

from consumers.engine.view_files import NoView, open_view
from consumers.registry import CONSUMERS
from consumers.store.journal.queries import JournalQueries
from producer.outbox.disk import DiskReserve
from tests.broker import Broker, BrokerFailed
from tests.faults import load, parts
from tests.faults.clock import FileClock
from tests.faults.foreign import Foreigner
from tests.faults.load import Node
from tests.faults.parts import HubPlace, Part
from tests.faults.proxy import Proxy
from tests.faults.warehouse_check import compare

STARTS_WITHIN_S = 60.0
DRAINS_WITHIN_S = 150.0


@dataclass(frozen=True)
class Setup:
    """What a scenario wants otherwise than usual."""

    moment: datetime | None = None
    proxy: bool = False
    warehouse: bool = False
    backlog: int = 0
    copies: int = 1
    picture_bytes: int = 4000
    devices: int = 0
    node_disk_mb: int | None = None
    hub_disk_mb: int | None = None
    warehouse_disk_mb: int | None = None
    room: DiskReserve | None = None


class Rig:
    """`dice` decide when and what; everything that a scenario does, it does through the methods here."""

    def __init__(self, root: Path, seed: int, setup: Setup, context: ForkServerContext) -> None:
        self.root = root
        self.dice = random.Random(seed)
        self.setup = setup
        self.faults = 0
        self.notes: list[str] = []
        self.clock = FileClock(root / "clock")
        if setup.moment is not None:
            self.clock.show(setup.moment)
        for name in ("home", "node", "hub"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self.data = root / "hub" / "data"
        self.broker = Broker(root / "broker")
        self._broker_runs = False
        self.proxy = Proxy(self.broker.port, self.dice) if setup.proxy else None
        self._context = context
        self._warehouse_opened = 0
        self.place = place = HubPlace(self.data, root / "clock", self.broker.port)
        self.hub = place.hub()
        self.node = Node(
            home=root / "home",
            outbox=root / "node" / "outbox.sqlite",
            clock=root / "clock",
            port=self.proxy.port if self.proxy else self.broker.port,
            seed=seed,
            backlog=setup.backlog,
            picture_bytes=setup.picture_bytes,
            devices=setup.devices,
            room=setup.room,
        )
        self.load = Part("load", load.run, (self.node,), root / "load.log", context, counts_lives=True)
        self.ingest = Part("ingest", parts.ingest, (place,), root / "ingest.log", context)
        self.consumers = Part("consumers", parts.consumers, (place,), root / "consumers.log", context)
        self.gateway = Part("gateway", parts.gateway, (place,), root / "gateway.log", context)
        self.foreigner = Foreigner(self.broker.port, self.data / "journal", self.clock, setup.copies)

    @property
    def parts(self) -> tuple[Part, ...]:
        both = (self.load, self.ingest, self.consumers)
        return (*both, self.gateway) if self.setup.warehouse else both

    # --- what scenarios use -------------------------------------------------------------------------------------

    def pause(self, least_s: float, most_s: float) -> None:
        """The moment of a fault is what varies from seed to seed."""
        threading.Event().wait(self.dice.uniform(least_s, most_s))

    def kill(self, *victims: Part) -> None:
        for part in victims:
            self.faults += 1
            part.kill()

    def freeze(self, victim: str) -> None:
        """SIGSTOP of the broker or of the part of this name."""
        self.faults += 1
        getattr(self, victim).freeze()

    def thaw(self, victim: str) -> None:
        getattr(self, victim).thaw()

    def revive(self) -> None:
        for part in self.parts:
            if not part.runs:
                part.start()
        self.start_broker()

    def kill_broker(self) -> None:
        if self._broker_runs:
            self.faults += 1
            self.broker.kill()
            self._broker_runs = False

    def start_broker(self) -> None:
        if self._broker_runs:
            return
        deadline = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                self.broker.start(within=20)
            except BrokerFailed:
                if time.monotonic() > deadline:
                    raise
                threading.Event().wait(0.2)
            else:
                self._broker_runs = True
                return

    def head(self) -> int:
        try:
            with closing(JournalQueries(self.data / "journal")) as queries:
                return queries.head()
        except sqlite3.Error:
            return 0

    def rejected(self) -> int:
        with closing(JournalQueries(self.data / "journal")) as queries:
            return queries.rejected_count()

    def wait_for_progress(self, events: int = 20) -> None:
        """Until so many more events are in the journal, so that faults meet load."""
        goal = self.head() + events
        self.wait(lambda: self.head() >= goal, STARTS_WITHIN_S, "progress of the journal")

    def wait_for_the_warehouse(self, *, again: bool = True) -> None:
        """Until this life of the gateway (or any, not `again`) has opened it; what it holds only its process sees."""

        def opened() -> int:
            log = self.gateway.log
            return log.read_bytes().count(b"warehouse follows the journal") if log.exists() else 0

        before = self._warehouse_opened if again else 0
        self.wait(lambda: opened() > before, STARTS_WITHIN_S, "the warehouse open")
        self._warehouse_opened = opened()

    def rows_differ(self) -> str:
        """What is wrong with the rows of the warehouse, in words. Call when everything has ended."""
        answer = self.root / "warehouse.json"
        part = Part("recount", compare, (self.place, answer), self.root / "recount.log", self._context)
        part.start()
        self.wait(answer.exists, STARTS_WITHIN_S, "the rows of the warehouse compared")
        part.kill()
        if not answer.exists():
            return "the rows of the warehouse could not be compared"
        reported = json.loads(answer.read_text())
        wrong = {name: counts for name, counts in reported["differences"].items() if counts != [0, 0]}
        return f"rows of the warehouse: {reported}" if wrong or not reported["rows"] else ""

    def wait(self, condition: Callable[[], bool], within_s: float, what: str) -> bool:
        deadline = time.monotonic() + within_s
        pause = threading.Event()
        while not condition():
            if time.monotonic() > deadline:
                self.notes.append(f"{what}: not within {within_s:.0f} s")
                return False
            for part in self.parts:
                part.analyse()
            pause.wait(0.05)
        return True

    # --- the course of a run ------------------------------------------------------------------------------------

    def start(self) -> None:
        self.start_broker()
        if self.proxy:
            self.proxy.start()
        self.ingest.start()
        self.consumers.start()
        if self.setup.warehouse:
            self.gateway.start()
        self.load.start()
        self.foreigner.start()
        self.wait_for_progress()

    def drain(self) -> None:
        """No new load; wait until everything that is in an outbox is in the journal and in every view."""
        self.node.quiet.touch()
        self.foreigner.stop()
        self.wait(self._is_drained, DRAINS_WITHIN_S, "drained")

    def _is_drained(self) -> bool:
        if any(left for left in self.unconfirmed().values()):
            return False
        head = self.head()
        if any(position < head - 3 for position in self.positions().values()):
            return False
        return not any(left for left in self.unconfirmed().values())

    def outboxes(self) -> Iterator[Path]:
        yield self.node.outbox
        for name in CONSUMERS:
            link = self.data / "views" / f"{name}.sqlite"
            if link.exists():
                yield link

    def unconfirmed(self) -> dict[str, int]:
        found = {}
        for path in self.outboxes():
            with (
                # A view may be swapped, or set aside, between the look and the opening.
                suppress(sqlite3.OperationalError),
                closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as outbox,
            ):
                (left,) = outbox.execute("select coalesce(sum(sequence - watermark), 0) from outbox_stream").fetchone()
                found[path.stem] = left
        return found

    def positions(self) -> dict[str, int]:
        found = {}
        for name in CONSUMERS:
            try:
                with closing(open_view(self.data, name)) as view:
                    row = view.execute("select position from checkpoint").fetchone()
                    found[name] = 0 if row is None else int(row[0])
            except (NoView, sqlite3.OperationalError):
                found[name] = 0
        return found

    def end(self) -> None:
        """Everything stops as an operator stops it."""
        for part in (self.load, self.gateway, self.consumers, self.ingest):
            if not part.stop():
                self.notes.append(f"{part.name} did not end within a minute, or not with code 0")
        if self._broker_runs:
            self.broker.stop()
            self._broker_runs = False
        if self.proxy:
            self.proxy.stop()

    def abandon(self) -> None:
        """Leave nothing running, whatever happened."""
        self.node.quiet.touch()
        for part in (self.load, self.gateway, self.consumers, self.ingest):
            part.kill()
        if self._broker_runs:
            self.broker.kill()
            self._broker_runs = False
        with suppress(RuntimeError):
            self.foreigner.stop()
        if self.proxy:
            with suppress(RuntimeError, OSError, ValueError):
                self.proxy.stop()
