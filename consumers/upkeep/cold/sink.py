"""The consumer of cold storage: a thread that carries closed packs and days to the bucket, and reports when it cannot.

It decides nothing by events: what is to be copied is what the archive has and the bucket has not.
"""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

import structlog

from bus_schemas.event import Event
from bus_schemas.node import HeartbeatEvent
from consumers.engine.sink import Sink
from consumers.hub_config import HubConfig
from consumers.store.archive.copies import OutOfReach
from consumers.store.journal.record import Recorded
from producer.backoff import Backoff, Retry
from producer.ids import Clock, utc_now

if TYPE_CHECKING:
    from consumers.upkeep.cold.archiver import Archiver

PART: Final = "cold_storage"
REST_S: Final = 5.0
CLOSE_S: Final = 5.0
AGAIN: Final = Backoff(2.0, 60.0)
RAISED_AFTER: Final = 3
"""Failures in a row before there is an alert: one lost request is not worth one."""

log = structlog.get_logger()


class ColdStorageSink(Sink):
    """Without a bucket in the configuration it does nothing."""

    name: ClassVar[str] = PART
    models: ClassVar[tuple[type[Event], ...]] = (HeartbeatEvent,)

    def __init__(self, hub: HubConfig, clock: Clock = utc_now, pace: float = 1.0) -> None:
        """`pace` scales the pauses between rounds."""
        self._pace = pace
        self._hub = hub
        self._clock = clock
        self._halted = threading.Event()
        self._thread: threading.Thread | None = None
        """Also one that has to stop and still waits for the server."""

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        return ()

    def idle(self, state: sqlite3.Connection) -> None:
        if self._hub.cold is None or (self._thread is not None and self._thread.is_alive()):
            return
        self._halted = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._halted,), name="cold storage", daemon=True)
        self._thread.start()

    def halt(self) -> None:
        self._halted.set()

    def close(self) -> None:
        """An upload that is on its way ends after its part, or with the process: it goes on after the next start."""
        self._halted.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _run(self, halted: threading.Event) -> None:
        from consumers.upkeep.cold.archiver import Archiver

        assert self._hub.cold is not None
        archiver = Archiver(self._hub, self._hub.cold, self._clock, halted)
        rounds = _ArchiverRounds(archiver, self._raise_fault, lambda: self.faults.clear_fault(PART, "write_failed"))
        try:
            while not halted.is_set():
                halted.wait(rounds.turn() * self._pace)
        finally:
            archiver.close()

    def _raise_fault(self, reason: str) -> None:
        self.faults.raise_fault(PART, "write_failed", f"Nothing goes to cold storage: {reason}")


class _ArchiverRounds:
    """Does one round after the other, whatever they raise."""

    def __init__(self, archiver: "Archiver", failed: Callable[[str], None], worked: Callable[[], None]) -> None:
        self._archiver = archiver
        self._failed = failed
        self._worked = worked
        self._retry = Retry(AGAIN)

    def turn(self) -> float:
        """How many seconds to wait until the next."""
        from consumers.upkeep.cold.owner import NotOwner
        from consumers.upkeep.cold.packs import OtherBucket
        from consumers.upkeep.cold.sending import Halted, NotAsWritten

        try:
            has_more = self._archiver.round()
        except Halted:
            return 0.0
        except (NotOwner, OtherBucket) as error:
            self._failed(str(error))
            return AGAIN.longest_s
        except (OutOfReach, NotAsWritten) as error:
            return self._after(getattr(error, "strerror", None) or str(error))
        except (OSError, sqlite3.Error) as error:
            return self._after(f"{type(error).__name__}: {error}")
        except Exception as error:
            log.exception("a round of cold storage failed")
            return self._after(f"the hub failed on it ({type(error).__name__}); its log says why")
        self._retry.reset()
        self._worked()
        return 0.0 if has_more else REST_S

    def _after(self, reason: str) -> float:
        wait_s = self._retry.next_s()
        log.warning("cold storage waits", reason=reason)
        if self._retry.failures >= RAISED_AFTER:
            self._failed(reason)
        return wait_s
