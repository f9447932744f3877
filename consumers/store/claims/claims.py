"""Claims consumers for one process for as long as it runs."""

import errno
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import structlog

from consumers.hub_config import ClickHouseServer, HubConfig
from consumers.store.claims.holder import ClaimTaken, Holder, this_process
from consumers.store.claims.local import held, lock_identity
from consumers.store.claims.reader import ClaimedReader, OpenReader
from consumers.store.claims.renewal import RenewedLease
from consumers.store.clickhouse.engine import EngineError
from producer.backoff import Backoff, Retry
from producer.ids import utc_now
from producer.lock_keeper import LockKeeper
from producer.locks import FileLock, LockHeld

RETRY = Backoff(0.25, 4.0)
_PASSES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE})
"""Errors that keep a lock from being made for the moment."""

log = structlog.get_logger(__name__)


class NotClaimed(RuntimeError):
    """The process was to end before it could claim a consumer."""


class ConsumerClaim:
    """The claims of a process, with a lease on each server that other machines can reach."""

    def __init__(self, leases: Sequence[RenewedLease], stopping: threading.Event) -> None:
        self._leases = leases
        self._stopping = stopping
        self._taken: ClaimTaken | None = None

    def lose(self, taken: LockHeld) -> None:
        """Another process has taken a lock of this one, whose file was removed."""
        self._taken = ClaimTaken(taken.path.stem, taken.holder)
        self._stopping.set()

    def check(self) -> None:
        """Raises `JournalAway` where another has it now, or may have."""
        for lease in self._leases:
            lease.check()

    def raise_if_lost(self) -> None:
        if self._taken is not None:
            raise self._taken
        for lease in self._leases:
            lease.raise_if_lost()

    def reading(self, open_reader: OpenReader) -> OpenReader:
        """Opens readers that read only while the claim holds."""
        return (lambda: ClaimedReader(open_reader(), self.check)) if self._leases else open_reader


@contextmanager
def claimed(
    hub: HubConfig, consumers: Sequence[str], stopping: threading.Event, *servers: ClickHouseServer | None
) -> Iterator[ConsumerClaim]:
    """Claim these consumers beside the journal and in the databases of these servers.

    A server that is away and a disk that is full are tried again until `stopping`, which is set where a claim is lost.
    Raises `ClaimTaken`, at the beginning where another has one of them, or at the end where another has taken it, and
    `NotClaimed` where `stopping` came before a lock could be made.
    """
    holder = this_process(hub.data, utc_now())
    with ExitStack() as stack:
        locks = {name: _lock(stack, hub, name, holder, stopping) for name in consumers}
        leases = []
        for server in servers:
            identities = {name: lock_identity(lock) for name, lock in locks.items()}
            lease = None if server is None else _begin(server, identities, holder, stopping)
            if lease is not None:
                leases.append(stack.enter_context(lease))
        claim = ConsumerClaim(leases, stopping)
        with LockKeeper(tuple(locks.values()), claim.lose):
            yield claim
        claim.raise_if_lost()


def _lock(stack: ExitStack, hub: HubConfig, consumer: str, holder: Holder, stopping: threading.Event) -> FileLock:
    retry = Retry(RETRY)
    while not stopping.is_set():
        try:
            return stack.enter_context(held(hub.data, consumer, holder))
        except OSError as error:
            if error.errno not in _PASSES:
                raise
            pause = retry.next_s()
            log.error("claim cannot be made", consumer=consumer, reason=str(error), again_in_s=round(pause, 1))
            stopping.wait(pause)
    raise NotClaimed(consumer)


def _begin(
    server: ClickHouseServer, locks: Mapping[str, str], holder: Holder, stopping: threading.Event
) -> RenewedLease | None:
    """`None` where `stopping` came first: then nothing is done any more."""
    from consumers.store.clickhouse.server import ServerEngine  # only who names a server needs its driver

    retry = Retry(RETRY)
    while not stopping.is_set():
        try:
            return RenewedLease(lambda: ServerEngine(server), server.database, locks, holder, stopping.set)
        except EngineError as error:
            pause = retry.next_s()
            log.warning("claims cannot be made", reason=str(error), again_in_s=round(pause, 1))
            stopping.wait(pause)
    return None
