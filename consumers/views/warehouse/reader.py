"""Answers queries of the rows from several threads, while one other thread keeps the rows up to date."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from threading import Event as Flag
from threading import Lock
from typing import Any, TypeVar

import structlog

from consumers.engine.store_owner import StoreStatus
from consumers.store.clickhouse.engine import Columns, Engine, OpenEngine
from consumers.views.warehouse import questions
from consumers.views.warehouse.day_counts import DayCounts, quarters_of
from consumers.views.warehouse.questions import SteppedTimeRange

_REMEMBERED_DAYS = 256
_KEPT_UP = 20_000
"""The counts of a day that are more are asked again where rows come."""

_DayKey = tuple[str, date, str]
"""Site, day, zone."""

Answer = TypeVar("Answer")

log = structlog.get_logger()


class NotReady(RuntimeError):
    """The warehouse is not open: it starts, it stops, or its engine cannot be reached."""


@dataclass(slots=True)
class _CachedDay:
    """A day that was asked for, and its dashboard where nothing was counted since."""

    counts: DayCounts
    answer: dict[str, Any] | None = None


class WarehouseReader(ABC):
    """`run` belongs to one thread; everything else may be called from any."""

    def __init__(self, open_engine: OpenEngine, triggers: tuple[str, ...], retry_s: float) -> None:
        self._open_engine = open_engine
        self._triggers = triggers
        self._retry_s = retry_s
        self._status = StoreStatus("starting")
        self._asking = Lock()
        self._reader: Engine | None = None
        self._days: dict[_DayKey, _CachedDay] = {}
        self._is_inserting = False

    def run(self, stopping: Flag, wake: Flag) -> None:
        """Keep rows to ask until `stopping`. An engine that fails is tried again."""
        try:
            while not stopping.is_set():
                with self._trying_again(stopping), self._open_reader() as reader:
                    while not stopping.is_set():
                        with self._trying_again(stopping):
                            self._follow(reader, stopping, wake)
        except BaseException as error:
            self._stop(error)
            raise

    @abstractmethod
    def rebuild(self) -> None:
        """Fold all rows anew. Raises `FoldedElsewhere`."""

    def status(self) -> StoreStatus:
        return self._status

    def dashboard(self, site: str, day: date, zone: str) -> dict[str, Any]:
        """The day of a site in its own time zone; not to be changed by the caller.

        Raises `BadQuestion`, `NotReady` or `EngineError`.
        """
        key = (site, day, zone)
        with self._asking:
            known = self._days.get(key)
            if known is None:
                known = _CachedDay(questions.counts_of_day(self._engine(), site, day, zone))
                if not self._is_inserting:
                    # Rows that are being inserted may be in the answer or not; they are added to the days that are
                    # known.
                    self._remember(key, known)
            if known.answer is None:
                known.answer = known.counts.answer(self._triggers)
            return known.answer

    def known_dashboard(self, site: str, day: date, zone: str) -> dict[str, Any] | None:
        """The same where nobody has to wait for it."""
        known = self._days.get((site, day, zone))
        return None if known is None else known.answer

    def _remember(self, key: "_DayKey", day: "_CachedDay") -> None:
        if len(self._days) >= _REMEMBERED_DAYS:
            del self._days[next(iter(self._days))]
        self._days[key] = day

    def people_over_time(self, site: str, span: SteppedTimeRange) -> dict[str, Any]:
        """Raises `NotReady` or `EngineError`."""
        return self._ask(lambda engine: questions.people_over_time(engine, site, span))

    def temperatures(self, site: str, device: str, span: SteppedTimeRange) -> dict[str, Any]:
        """Raises `NotReady` or `EngineError`."""
        return self._ask(lambda engine: questions.temperatures(engine, site, device, span))

    @abstractmethod
    def _follow(self, reader: Engine, stopping: Flag, wake: Flag) -> None:
        """Until `stopping` or until it is to be called anew; `_answer_from` once there are rows."""

    def _answer_from(self, reader: Engine, database: str) -> None:
        with self._asking:
            reader.use(database)
            self._days.clear()
            self._reader = reader

    def _counting(self, insert: Callable[[], Answer], inserted: Callable[[], Columns | None]) -> Answer:
        """Insert rows, and count those of cameras to the days that are known."""
        with self._asking:
            self._is_inserting = True
        try:
            done = insert()
        except BaseException:
            self._forget()
            raise
        columns = inserted()
        with self._asking:
            self._is_inserting = False
            quarters = quarters_of(columns) if columns else ()
            for key, day in list(self._days.items()):
                if not day.counts.is_in(quarters):
                    continue
                if columns and len(day.counts) <= _KEPT_UP:
                    day.counts.take(columns)
                    day.answer = None
                else:
                    del self._days[key]
        return done

    def _forget_days(self, quarters: Collection[tuple[str, int]]) -> None:
        """Rows of these quarters of sites have come; other days, such as those that are over, are as they were."""
        with self._asking:
            for key, day in list(self._days.items()):
                if day.counts.is_in(quarters):
                    del self._days[key]

    def _forget(self) -> None:
        """Rows have come: what was answered before may be different now."""
        with self._asking:
            self._days.clear()
            self._is_inserting = False

    def _ask(self, question: Callable[[Engine], Answer]) -> Answer:
        with self._asking:
            return question(self._engine())

    def _engine(self) -> Engine:
        if self._reader is None:
            raise NotReady(f"the warehouse is {self._status.state}: {self._status.error or 'ask again in a moment'}")
        return self._reader

    def _stop(self, error: BaseException) -> None:
        words = str(error) or type(error).__name__
        self._status = replace(self._status, state="stopped", error=words)
        log.error("warehouse stopped", position=self._status.position, error=self._status.error)

    @contextmanager
    def _trying_again(self, stopping: Flag) -> Iterator[None]:
        """A failure is given time: a server comes back, a full disk is cleaned up."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the process goes on, and so does this, in a while
            self._stop(error)
            stopping.wait(self._retry_s)

    @contextmanager
    def _open_reader(self) -> Iterator[Engine]:
        """The session that answers. Questions reach it once it has rows to answer from."""
        with closing(self._open_engine()) as reader:
            try:
                yield reader
            finally:
                with self._asking:
                    self._reader = None
