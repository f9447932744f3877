"""The parts of a rig as real processes: started, killed, frozen, and started again."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import structlog

from consumers.alerting.rules import AlertRules
from consumers.engine.runner import ConsumerProcess
from consumers.hub_config import HubConfig, RetentionPolicy
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from consumers.ingest.run import run as run_ingest
from consumers.registry import consumer_registry
from consumers.store.archive.indexed_media import IndexedMedia
from consumers.store.journal.reader import SqliteJournalReader
from producer.broker import BrokerAddress
from tests.faults.clock import FileClock

STOPS_WITHIN_S = 60.0
_PR_SET_PDEATHSIG = 1
_PRELOADED = ["tests.faults.parts", "tests.faults.load", "tests.faults.scenarios.table", "tests.faults.hostile.run"]
"""With what each fork of a run of faults imports for its main module: a SIGTERM meanwhile met no handler."""


def forks() -> ForkServerContext:
    """Each part is a process of its own, forked from one that has everything imported: a kill costs no second."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


CONFIGURED = Configured(
    (
        ConfiguredSite(
            "YARD", "Yard", "Europe/Berlin", (ConfiguredDevice("GATE", "Gate"), ConfiguredDevice("DOOR", "Door"))
        ),
        ConfiguredSite("HALL", "Hall", "America/New_York", (ConfiguredDevice("ROOF", "Roof"),)),
    ),
    AlertRules().values(),
)


@dataclass(frozen=True)
class HubPlace:
    """What the processes of the hub are told."""

    data: Path
    clock: Path
    port: int

    def hub(self) -> HubConfig:
        month = timedelta(days=30)
        return HubConfig(
            data=self.data,
            archive=lambda: IndexedMedia(self.data / "archive"),
            # What a scenario asks for must not have been dropped by age, nor because the machine's disk is full.
            retention=RetentionPolicy(
                media=tuple((kind, month) for kind in ("capture", "thumbnail", "thermal", "segment")),
                cleanup_threshold_percent=100.0,
                cleanup_target_percent=99.0,
            ),
        )


def _stopping() -> threading.Event:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    return stopping


def ingest(place: HubPlace) -> None:
    clock = FileClock(place.clock)
    run_ingest(place.data, BrokerAddress(port=place.port), _stopping(), clock, configured=CONFIGURED)


def consumers(place: HubPlace) -> None:
    hub, clock = place.hub(), FileClock(place.clock)
    process = ConsumerProcess(
        hub, BrokerAddress(port=place.port), lambda: SqliteJournalReader(place.data / "journal"), clock
    )
    known = consumer_registry(hub)
    process.run([known.make(name) for name in known], _stopping())


def gateway(place: HubPlace) -> None:
    """With the warehouse in it, as in the product."""
    # chDB may have ended the one before on its full disk: who is told to stop while it starts stops as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from gateway.server import run
    from gateway.settings import GatewaySettings

    run(GatewaySettings("127.0.0.1", 0, None), place.hub(), BrokerAddress(port=place.port))


def _main(body: Callable[..., None], log: Path, arguments: tuple[Any, ...]) -> None:
    # The child ends with the process that started it, however that ends.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory())
    body(*arguments)


@dataclass
class Part:
    """One process. What ends by itself is noted with its code: no fault that is not announced may end a part."""

    name: str
    body: Callable[..., None]
    arguments: tuple[Any, ...]
    log: Path
    context: ForkServerContext
    counts_lives: bool = False
    lives: int = 0
    ended: list[int] = field(default_factory=list)
    """The exit codes of those that nobody had told to end."""
    _process: ForkServerProcess | None = None

    def start(self) -> None:
        assert self._process is None, f"{self.name} runs already"
        self.lives += 1
        arguments = (*self.arguments, self.lives) if self.counts_lives else self.arguments
        self._process = self.context.Process(target=_main, args=(self.body, self.log, arguments), daemon=True)
        self._process.start()

    @property
    def runs(self) -> bool:
        return self._process is not None

    def analyse(self) -> None:
        """As a supervisor does: what ended by itself is started again."""
        if self._process is not None and self._process.exitcode is not None:
            self.ended.append(self._process.exitcode)
            self._forget()
            self.start()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._forget()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, number)

    def stop(self) -> bool:
        """SIGTERM; whether it ended by that, with code 0."""
        if self._process is None:
            return True
        self.thaw()
        self._process.terminate()
        self._process.join(STOPS_WITHIN_S)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            self._process.join()
        self._forget()
        return code == 0

    def _forget(self) -> None:
        if self._process is not None:
            self._process.close()
        self._process = None
