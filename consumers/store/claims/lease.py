"""Claims in a database of a ClickHouse server: leases, which expire unless they are renewed.

Time is that of the server, so the clocks of the machines do not matter. The newest term of a consumer counts, and the
greater token where two began in one moment; whoever finds a newer one has lost its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from secrets import token_hex
from time import CLOCK_BOOTTIME, clock_gettime

from consumers.store.claims.holder import ClaimTaken, Holder, to_text
from consumers.store.clickhouse.engine import Engine
from consumers.store.clickhouse.table import Kind, Table, columns

LEASE_S = 15
RENEW_S = 4.0
_SPARE_S = 2.0
"""The server counts whole seconds, and an answer takes time: for us a lease ends so much earlier."""
_PARTITION_S = 30 * 86_400

_NOW = "toUInt64(toUnixTimestamp(now()))"
CLAIMS = Table(
    "claims",
    (
        ("consumer", Kind.TEXT),
        ("term", Kind.POSITION),
        ("token", Kind.TEXT),
        ("lock", Kind.TEXT),
        ("holder", Kind.TEXT),
        ("begun", Kind.POSITION),
        ("beat", Kind.POSITION),
        ("until", Kind.POSITION),
    ),
    order=("consumer", "term", "token"),
)


@dataclass(frozen=True, slots=True)
class Clocks:
    """`server` is the expression by which the server is asked for its time, in whole seconds; `local` never goes
    back, and goes on while the machine sleeps.
    """

    server: Callable[[], str] = lambda: _NOW
    local: Callable[[], float] = lambda: clock_gettime(CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class _StoredClaim:
    term: int
    token: str
    lock: str
    holder: str
    until: int

    @property
    def order(self) -> tuple[int, str]:
        return self.term, self.token


class Lease:
    """The claims of one process on its consumers, by name with the lock that it holds for each.

    The engine is used by one thread at a time. All of it raises `EngineError`.
    """

    def __init__(
        self,
        engine: Engine,
        database: str,
        locks: Mapping[str, str],
        holder: Holder,
        lease_s: int = LEASE_S,
        clocks: Clocks | None = None,
    ) -> None:
        self._engine = engine
        self._table = f"{database}.claims"
        self._locks = dict(locks)
        self._holder = to_text(holder)
        self._lease_s = lease_s
        self._clocks = clocks or Clocks()
        self._token = token_hex(8)
        self._term = self._beat = self._begun = 0
        self._valid_until = float("-inf")

    def begin(self) -> None:
        """Raises `ClaimTaken` where another has one of them, and its lease has not expired."""
        self._create()
        now = self._now()
        newest = self._newest()
        for consumer, claim in newest.items():
            # Whoever had the lock that we hold is gone, whatever its lease says.
            if claim.until > now and claim.lock != self._locks[consumer]:
                raise ClaimTaken(consumer, claim.holder)
        self._term = 1 + max((claim.term for claim in newest.values()), default=0)
        self._begun = now
        self.renew()

    def renew(self) -> None:
        """Raises `ClaimTaken` where another has one of them now."""
        asked_at = self._clocks.local()
        self._insert(self._now() + self._lease_s)
        for consumer, claim in self._newest().items():
            if claim.order > (self._term, self._token):
                self._valid_until = float("-inf")
                raise ClaimTaken(consumer, claim.holder)
        self._valid_until = asked_at + self._lease_s - _SPARE_S

    @property
    def is_valid(self) -> bool:
        """Whether nobody else can have begun meanwhile."""
        return self._clocks.local() < self._valid_until

    def release(self) -> None:
        """Others may begin at once."""
        self._valid_until = float("-inf")
        self._insert(0)

    def _create(self) -> None:
        database = self._table.split(".")[0]
        self._engine.execute(f"create database if not exists {database}")
        self._engine.execute(
            f"create table if not exists {self._table} ({', '.join(columns(CLAIMS, self._engine.dialect))})"
            f" engine = ReplacingMergeTree(beat) partition by intDiv(begun, {_PARTITION_S})"
            f" order by ({', '.join(CLAIMS.order)})"
        )
        self._drop_old()

    def _drop_old(self) -> None:
        """Whole months in which no claim is alive."""
        now = self._now()
        found = self._engine.query(
            f"select intDiv(begun, {_PARTITION_S}) as month, max(until) from {self._table} group by month"
        )
        for month, until in found:
            if month < now // _PARTITION_S and until < now - 86_400:
                self._engine.execute(f"alter table {self._table} drop partition {month:d}")

    def _now(self) -> int:
        [[now]] = self._engine.query(f"select {self._clocks.server()}")
        return int(now)

    def _newest(self) -> dict[str, _StoredClaim]:
        rows = self._engine.query(
            "select consumer, term, token, any(lock), any(holder), argMax(until, beat)"
            f" from {self._table} group by consumer, term, token order by term, token"
        )
        return {
            consumer: _StoredClaim(int(term), token, lock, holder, int(until))
            for consumer, term, token, lock, holder, until in rows
            if consumer in self._locks
        }

    def _insert(self, until: int) -> None:
        """All of them as one block."""
        self._beat += 1
        count = len(self._locks)
        self._engine.insert(
            replace(CLAIMS, name=self._table),
            [
                list(self._locks),
                [self._term] * count,
                [self._token] * count,
                list(self._locks.values()),
                [self._holder] * count,
                [self._begun] * count,
                [self._beat] * count,
                [until] * count,
            ],
        )
