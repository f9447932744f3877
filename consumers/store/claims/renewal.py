"""A lease that a thread of its own renews until it is closed."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType

import structlog

from consumers.store.claims.holder import ClaimTaken, Holder
from consumers.store.claims.lease import RENEW_S, Lease
from consumers.store.clickhouse.engine import EngineError, OpenEngine
from consumers.store.journal.store import JournalAway
from producer.repeating_thread import RepeatingThread

log = structlog.get_logger(__name__)


class RenewedLease(RepeatingThread):
    """Begun when made. Raises `EngineError` or `ClaimTaken`. `check` may be called from any thread."""

    def __init__(
        self,
        open_engine: OpenEngine,
        database: str,
        locks: Mapping[str, str],
        holder: Holder,
        on_lost: Callable[[], None],
        renew_s: float = RENEW_S,
    ) -> None:
        super().__init__(f"claims in {database}", renew_s)
        self._engine = open_engine()
        self._lease = Lease(self._engine, database, locks, holder)
        self._on_lost = on_lost
        self._lost: ClaimTaken | None = None
        try:
            self._lease.begin()
        except BaseException:
            self._engine.close()
            raise

    def check(self) -> None:
        """Raises `JournalAway` where another has it now, or may have: nothing of the journal is for this process."""
        if self._lost is not None:
            raise JournalAway(str(self._lost))
        if not self._lease.is_valid:
            raise JournalAway("the claim on the consumers has not been renewed in time")

    def raise_if_lost(self) -> None:
        if self._lost is not None:
            raise self._lost

    def work(self) -> bool:
        try:
            self._lease.renew()
        except EngineError as error:
            log.warning("claims cannot be renewed", reason=str(error))
        except ClaimTaken as taken:
            log.error("claim lost", reason=str(taken))
            self._lost = taken
            self._on_lost()
            return False
        return True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        super().__exit__(kind, error, at)
        if self._lost is None:
            with suppress(EngineError):
                self._lease.release()
        self._engine.close()
