"""The warehouse as a consumer: one thread folds the journal into rows, others ask questions of them."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from threading import Event as Flag
from threading import Lock
from typing import Any, Literal, TypeVar

import structlog

from consumers.hub import Hub
from consumers.journal.record import JournalReader
from consumers.warehouse import questions
from consumers.warehouse.engine import Engine, EngineError, OpenEngine
from consumers.warehouse.fold import PAGE, Fold, Unfoldable
from consumers.warehouse.questions import Span
from consumers.warehouse.store import Generations

_IDLE_S = 1.0
_REMEMBERED_DAYS = 256

State = Literal["starting", "running", "rebuilding", "stopped"]
OpenJournal = Callable[[], JournalReader]
Answer = TypeVar("Answer")

log = structlog.get_logger()


class NotReady(RuntimeError):
    """The warehouse is not open: it starts, it stops, or its engine cannot be reached."""


@dataclass(frozen=True, slots=True)
class Status:
    """Where the fold stands. `position` is the last one it looked at; `lag` how many are after it."""

    state: State
    position: int = 0
    lag: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """`keep_days`: how long rows stay, for ever where it is `None`. `triggers`: those a dashboard always names.

    `pace_s`: how long rows are gathered where few arrive, for a block of one row costs as much as one of a thousand.
    """

    keep_days: int | None = 400
    triggers: tuple[str, ...] = ()
    pace_s: float = 1.0
    retry_s: float = 30.0


class Warehouse:
    """Rows of a hub's events. `run` belongs to one thread; everything else may be called from any."""

    def __init__(self, open_engine: OpenEngine, open_journal: OpenJournal, settings: Settings | None = None) -> None:
        self._open_engine = open_engine
        self._open_journal = open_journal
        self._settings = settings or Settings()
        self._status = Status("starting")
        self._rebuild = Flag()
        self._asking = Lock()
        self._reader: Engine | None = None
        self._days: dict[tuple[str, date, str], dict[str, Any]] = {}

    def run(self, stopping: Flag, wake: Flag) -> None:
        """Follow the journal until `stopping`. An engine that fails is tried again from its checkpoint."""
        try:
            while not stopping.is_set():
                with self._trying_again(stopping), self._answering() as reader:
                    while not stopping.is_set():
                        with self._trying_again(stopping):
                            self._follow(reader, stopping, wake)
        except BaseException as error:
            self._stop(error)
            raise

    def status(self) -> Status:
        return self._status

    def rebuild(self) -> None:
        """Fold all rows anew beside the current ones, then swap. Until then those answer, as of now."""
        self._rebuild.set()

    def dashboard(self, site: str, day: date, zone: str) -> dict[str, Any]:
        """The day of a site in its own time zone; not to be changed by the caller.

        Raises `BadQuestion`, `NotReady` or `EngineError`.
        """
        key = (site, day, zone)
        with self._asking:
            answer = self._days.get(key)
            if answer is None:
                answer = questions.dashboard(self._engine(), site, day, zone, self._settings.triggers)
                if len(self._days) < _REMEMBERED_DAYS:
                    self._days[key] = answer
            return answer

    def people_over_time(self, site: str, span: Span) -> dict[str, Any]:
        """Raises `NotReady` or `EngineError`."""
        return self._ask(lambda engine: questions.people_over_time(engine, site, span))

    def temperatures(self, site: str, device: str, span: Span) -> dict[str, Any]:
        """Raises `NotReady` or `EngineError`."""
        return self._ask(lambda engine: questions.temperatures(engine, site, device, span))

    def _ask(self, question: Callable[[Engine], Answer]) -> Answer:
        with self._asking:
            return question(self._engine())

    def _engine(self) -> Engine:
        if self._reader is None:
            raise NotReady(f"the warehouse is {self._status.state}: {self._status.error or 'ask again in a moment'}")
        return self._reader

    def _follow(self, reader: Engine, stopping: Flag, wake: Flag) -> None:
        """Follow the journal until `stopping` or its end, or until the rows are to be folded anew, and then do that."""
        with closing(self._open_journal()) as journal, closing(self._open_engine()) as writer:
            try:
                self._keep_up(self._resume(journal, writer, reader), stopping, wake)
                if self._rebuild.is_set() and not stopping.is_set():
                    self._fold_anew(Generations(writer, self._settings.keep_days), journal, stopping)
            except Unfoldable as error:
                self._stop(error)
                while not self._rebuild.is_set() and not stopping.wait(_IDLE_S):
                    pass

    def _resume(self, journal: JournalReader, writer: Engine, reader: Engine) -> Fold:
        generations = Generations(writer, self._settings.keep_days)
        store = generations.of_journal(journal.life())
        with self._asking:
            reader.use(store.database)
            self._days.clear()
            self._reader = reader
        generations.drop_others(store)
        fold = Fold(journal, store)
        log.info("warehouse follows the journal", position=fold.position, database=store.database)
        return fold

    def _keep_up(self, fold: Fold, stopping: Flag, wake: Flag) -> None:
        while not stopping.is_set() and not self._rebuild.is_set():
            if fold.is_of_another_journal():
                return
            taken = self._advance(fold, "running")
            if taken == 0:
                wake.wait(_IDLE_S)
                wake.clear()
            elif taken < PAGE:
                stopping.wait(self._settings.pace_s)
        fold.save()

    def _fold_anew(self, generations: Generations, journal: JournalReader, stopping: Flag) -> None:
        self._rebuild.clear()
        shadow = generations.next()
        fold = Fold(journal, shadow)
        log.info("warehouse is folded anew", database=shadow.database)
        while self._advance(fold, "rebuilding"):
            if stopping.is_set():
                return
        fold.save()
        generations.promote(shadow)

    def _advance(self, fold: Fold, state: State) -> int:
        taken = fold.advance()
        if fold.counted:
            with self._asking:
                self._days.clear()
        self._status = Status(state, fold.position, fold.lag)
        return taken

    def _stop(self, error: BaseException) -> None:
        self._status = Status("stopped", self._status.position, self._status.lag, str(error) or type(error).__name__)
        log.error("warehouse stopped", position=self._status.position, error=self._status.error)

    @contextmanager
    def _trying_again(self, stopping: Flag) -> Iterator[None]:
        """An engine that fails is given time: a server comes back, a full disk is cleaned up."""
        try:
            yield
        except EngineError as error:
            self._stop(error)
            stopping.wait(self._settings.retry_s)

    @contextmanager
    def _answering(self) -> Iterator[Engine]:
        """The session that answers. Questions reach it once it has rows to answer from."""
        with closing(self._open_engine()) as reader:
            try:
                yield reader
            finally:
                with self._asking:
                    self._reader = None


def embedded(hub: Hub, open_journal: OpenJournal) -> Warehouse:
    """The warehouse of a hub in this process, under its data directory."""
    # The import of chDB changes the working directory for a moment, under the feet of every relative path.
    directory = (hub.data / "warehouse").absolute()

    def open_engine() -> Engine:
        # Takes a second and 200 MB of pages, which the thread may spend, and not whoever imports this module.
        from consumers.warehouse.embedded import EmbeddedEngine

        return EmbeddedEngine(directory)

    return Warehouse(open_engine, open_journal, Settings(triggers=hub.triggers))
