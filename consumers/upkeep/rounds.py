"""A sink whose work is rounds in a thread of its own: what fails is tried again, and is a fault after some times."""

import sqlite3
import threading
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Final, Protocol

import structlog

from bus_schemas.event import Event
from bus_schemas.node import HeartbeatEvent
from consumers.engine.sink import Sink
from consumers.store.archive.copies import OutOfReach
from consumers.store.journal.record import Recorded
from producer.backoff import Backoff, Retry

REST_S: Final = 5.0
CLOSE_S: Final = 5.0
AGAIN: Final = Backoff(2.0, 60.0)
RAISED_AFTER: Final = 3
"""Failures in a row before there is an alert: one lost request is not worth one."""

log = structlog.get_logger()


class Halted(Exception):
    """The process ends; what takes long goes on when it is back."""


class NeedsPerson(Exception):
    """The round fails until somebody changes something; the message says what."""


class RoundFailed(Exception):
    """The round is to be tried again; the message says why."""


class RoundWork(Protocol):
    """Used by one thread."""

    def round(self) -> bool:
        """Whether there is more to do at once."""

    def close(self) -> None: ...


class RoundSink(Sink):
    """It decides nothing by events: what is to be done follows from the state of views and files."""

    models: ClassVar[tuple[type[Event], ...]] = (HeartbeatEvent,)
    failure: ClassVar[str]
    """The effect of its failure, as the begin of a sentence."""

    def __init__(self, pace: float = 1.0) -> None:
        """`pace` scales the pauses between rounds."""
        self._pace = pace
        self._halted = threading.Event()
        self._thread: threading.Thread | None = None
        """Also one that has to stop and still waits for the server."""

    @abstractmethod
    def _work(self, halted: threading.Event) -> RoundWork | None:
        """`None` where nothing is configured."""

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        return ()

    def idle(self, state: sqlite3.Connection) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        halted = threading.Event()
        work = self._work(halted)
        if work is not None:
            self._halted = halted
            self._thread = threading.Thread(target=self._run, args=(work, halted), name=self.name, daemon=True)
            self._thread.start()

    def halt(self) -> None:
        self._halted.set()

    def close(self) -> None:
        """Work that is under way ends after its part, or with the process: it goes on after the next start."""
        self._halted.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _run(self, work: RoundWork, halted: threading.Event) -> None:
        rounds = _RetriedRounds(self.name, work, self._raise_fault, self._clear_fault)
        try:
            while not halted.is_set():
                halted.wait(rounds.turn() * self._pace)
        finally:
            work.close()

    def _raise_fault(self, reason: str) -> None:
        self.faults.raise_fault(self.name, "write_failed", f"{self.failure}: {reason}")

    def _clear_fault(self) -> None:
        self.faults.clear_fault(self.name, "write_failed")


class _RetriedRounds:
    """Does one round after the other, whatever they raise."""

    def __init__(self, name: str, work: RoundWork, failed: Callable[[str], None], worked: Callable[[], None]) -> None:
        self._name = name
        self._work = work
        self._failed = failed
        self._worked = worked
        self._retry = Retry(AGAIN)

    def turn(self) -> float:
        """How many seconds to wait until the next."""
        try:
            has_more = self._work.round()
        except Halted:
            return 0.0
        except NeedsPerson as error:
            self._failed(str(error))
            return AGAIN.longest_s
        except RoundFailed as error:
            return self._after(str(error))
        except OutOfReach as error:
            return self._after(error.strerror or str(error))
        except (OSError, sqlite3.Error) as error:
            return self._after(f"{type(error).__name__}: {error}")
        except Exception as error:
            log.exception("a round failed", consumer=self._name)
            return self._after(f"the hub failed on it ({type(error).__name__}); its log says why")
        self._retry.reset()
        self._worked()
        return 0.0 if has_more else REST_S

    def _after(self, reason: str) -> float:
        wait_s = self._retry.next_s()
        log.warning("a round waits", consumer=self._name, reason=reason)
        if self._retry.failures >= RAISED_AFTER:
            self._failed(reason)
        return wait_s
