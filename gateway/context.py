"""The context of every route: made once and passed with each call, so that nothing is global."""

import sqlite3
from asyncio import Future, Lock, ensure_future, get_running_loop, shield, sleep
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog

from consumers.engine.folding import is_the_machines
from consumers.engine.view_files import NoView
from consumers.hub_config import HubConfig
from consumers.hub_faults import FaultReporter
from consumers.store.journal.store import JournalAway
from gateway.agents.service import AgentService
from gateway.consumer_info import ConsumerInfo
from gateway.descriptors import DescriptorWatch
from gateway.http.asker import ASKER
from gateway.http.auth import Access
from gateway.http.metrics import Metrics
from gateway.http.problems import RETRY, Problem
from gateway.machine import Machine
from gateway.messages.bus import BrokerFigures, Bus
from gateway.rates import CounterRates
from gateway.readiness import Readiness
from gateway.reading.cold import ColdMedia
from gateway.reading.dashboards import DashboardCache
from gateway.reading.moments import Behind, StoresAsOf, at
from gateway.reading.open_stores import OpenStores
from gateway.reading.readers import Busy, Readers
from gateway.reading.registry import SiteCache
from gateway.reading.rows import WarehouseThreads
from gateway.reading.stores import OfAnotherVersion, Stores
from gateway.reading.wait_until import PAUSE_S
from gateway.serving.picture_cache import PictureCache
from gateway.serving.shared_work import SharedWork
from gateway.serving.sprites import SHEETS_KEPT
from gateway.settings import GatewaySettings
from gateway.streaming.leases import WatchLeases
from gateway.streaming.live import Feed
from gateway.streaming.mjpeg import Frames
from gateway.streaming.video import LiveVideos
from gateway.trials import TrialRunner
from producer.file_identity import CutOff
from producer.ids import Clock
from producer.os_errors import describe_storage_error
from producer.time_budget import OutOfTime

log = structlog.get_logger()


T = TypeVar("T")
BEHIND_S = 1.0
KEYFRAMES_KEPT = 16
"""Pictures of recordings, in their full size."""


@dataclass(frozen=True)
class Gateway:
    settings: GatewaySettings
    hub: HubConfig
    access: Access
    readers: Readers[Stores]
    zones: SiteCache[ZoneInfo]
    dashboards: DashboardCache
    stores: OpenStores
    rows: WarehouseThreads
    bus: Bus
    feed: Feed
    frames: Frames
    leases: WatchLeases
    videos: LiveVideos
    metrics: Metrics
    consumers: tuple[ConsumerInfo, ...]
    machine: Machine
    rates: CounterRates
    trials: TrialRunner
    broker_figures: BrokerFigures
    faults: FaultReporter
    readiness: Readiness
    descriptors: DescriptorWatch
    journal_name: str
    cold: ColdMedia
    clock: Clock
    started: datetime
    agents: AgentService | None = None
    sprites: PictureCache = field(default_factory=lambda: PictureCache(SHEETS_KEPT))
    keyframes: PictureCache = field(default_factory=lambda: PictureCache(KEYFRAMES_KEPT))
    """By the hash of the segment that begins with them; empty where that cannot be decoded."""
    shared: SharedWork = field(default_factory=SharedWork)
    adding: Lock = field(default_factory=Lock)
    """Held from the look whether there is a site or device of that name until it is in the registry."""
    _unbegun: "dict[Hashable, Future[Any]]" = field(default_factory=dict)

    async def ask_together(self, key: Hashable, question: Callable[[Stores], T]) -> T:
        """Ask as `ask` does, once for all who ask it before it begins: no answer is older than its question."""
        answer: Future[T] | None = self._unbegun.get(key)
        if answer is None:

            def begin(stores: Stores) -> T:
                # In the thread of a reader: who asks from here on begins another one.
                self._unbegun.pop(key, None)
                return question(stores)

            answer = self._unbegun[key] = ensure_future(self.ask(begin))
            answer.add_done_callback(lambda done: self._forget(key, done))
        return await shield(answer)

    def _forget(self, key: Hashable, done: "Future[Any]") -> None:
        """Forget a question that never began, because too many waited."""
        if self._unbegun.get(key) is done:
            del self._unbegun[key]
        if not done.cancelled():
            done.exception()  # The client that asked may be gone.

    async def ask(self, question: Callable[[Stores], T]) -> T:
        """Ask the stores, in a thread of their own."""
        try:
            return await self.readers.ask(question, ASKER.get())
        except (NoView, CutOff, OfAnotherVersion) as missing:
            raise Problem(503, f"{missing}; it is on its way", headers=RETRY) from missing
        except OutOfTime as slow:
            raise Problem(503, f"{slow}: ask for less, as for a shorter time") from slow
        except JournalAway as away:
            raise Problem(503, f"{away}; ask again in a moment", headers=RETRY) from away
        except Busy as busy:
            raise Problem(503, f"too many requests at once: {busy}", headers=RETRY) from busy
        except (OSError, MemoryError, sqlite3.Error) as error:
            if not is_the_machines(error):
                raise
            log.error("stores cannot be read", reason=describe_storage_error(error))
            raise Problem(
                503, f"what the hub keeps cannot be read now: {describe_storage_error(error)}", headers=RETRY
            ) from error

    async def ask_at(self, as_of: datetime | None, question: Callable[[StoresAsOf], T]) -> T:
        """Ask the stores as of a moment, by default now; what had been received by then is waited for a little."""

        def answer(stores: Stores) -> tuple[T] | Behind:
            try:
                with at(stores, as_of, self.clock()) as moment:
                    return (question(moment),)
            except Behind as behind:
                return behind

        deadline = get_running_loop().time() + BEHIND_S
        while isinstance(found := await self.ask(answer), Behind):
            if get_running_loop().time() >= deadline:
                raise Problem(503, f"as_of: {found}; it is on its way", headers=RETRY) from found
            await sleep(PAUSE_S)
        return found[0]
