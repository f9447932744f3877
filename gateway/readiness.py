"""Judges whether each part of the hub works: a state, and a sentence that says why."""

import time
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol

from pydantic import ValidationError

from bus_schemas.protocol import INGEST_RUNNING, IngestStatus

State = Literal["ok", "limping", "failed"]

_SEVERITY: Final[dict[State, int]] = {"ok": 0, "limping": 1, "failed": 2}

INGEST_SILENT_S: Final = 10.0
"""It publishes its status every 2 s."""
BROKER: Final = "broker"
BROKER_SILENT_S: Final = 16.0
"""The gateway reports its own faults every 5 s, and the broker acknowledges each report."""
STANDS_AFTER_S: Final = 60.0
STOOD_STILL_S: Final = 30.0
"""The parts are checked every few seconds: after so long the gateway stood still itself, with all that it looks at."""
FAR_BEHIND: Final = 20_000
CAUSES: Final = frozenset(
    {
        ("disk", "storage_unwritable"),
        ("journal", "database_error"),
        ("machine", "system_error"),
        ("ingest", "write_failed"),
    }
)
"""What keeps consumers from their work: it is reported as this one fault, and not with each of them."""
SETTLING_S: Final = 20.0
"""So long after its start the gateway cannot say yet that somebody is silent."""


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the hub: `journal`, `broker`, `ingest`, a consumer, or one that has an open fault.

    `detail` may repeat what somebody sent, and is for those who are let in; `public` is for everybody.
    """

    part: str
    state: State
    detail: str
    kind: str = "system_error"
    is_unreported: bool = False
    """It is a consumer whose own process says nothing of it."""

    @property
    def public(self) -> str:
        if self.state == "ok":
            return "ok"
        return f"{self.part} {'does not work' if self.state == 'failed' else 'limps'} ({self.kind})"


class LastSetAside(Protocol):
    @property
    def position(self) -> int: ...
    @property
    def error(self) -> str: ...


class Follows(Protocol):
    """The progress of a consumer."""

    @property
    def name(self) -> str: ...
    @property
    def position(self) -> int: ...
    @property
    def lag(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def error(self) -> str | None: ...
    @property
    def lately(self) -> Sequence[LastSetAside]: ...


@dataclass(frozen=True, slots=True)
class BusState:
    """The connection to the broker, and for how long it has acknowledged nothing."""

    is_connected: bool
    silent_s: float


@dataclass(frozen=True, slots=True)
class StoresState:
    """The head of the journal, its consumers, and the faults of the hub that it holds."""

    head: int
    consumers: Sequence[Follows]
    faults: Sequence[Check]
    journal_id: str | None = None
    """`None` where there is no journal."""
    journal_name: str = "this gateway's data directory"
    silent: Collection[str] = ()
    """The consumers whose processes report nothing of them."""


class Standing:
    """Finds consumers that make no progress although the journal grows."""

    def __init__(self) -> None:
        self._heads: deque[tuple[float, int]] = deque()
        self._moved: dict[str, tuple[int, float]] = {}
        self._lags: dict[str, deque[tuple[float, int]]] = {}

    def take(self, head: int, positions: Iterable[tuple[str, int]], now: float) -> None:
        self._heads.append((now, head))
        while len(self._heads) > 1 and self._heads[1][0] <= now - STANDS_AFTER_S:
            self._heads.popleft()
        for name, position in positions:
            before = self._moved.get(name)
            if before is None or before[0] != position:
                self._moved[name] = (position, now)
            lags = self._lags.setdefault(name, deque())
            lags.append((now, max(0, head - position)))
            while len(lags) > 1 and lags[1][0] <= now - STANDS_AFTER_S:
                lags.popleft()

    def stands_for_s(self, name: str, now: float) -> float | None:
        """Seconds, where it has not even come to where the journal ended a while ago."""
        position, since = self._moved.get(name, (0, now))
        then, head = self._heads[0] if self._heads else (now, 0)
        is_old = now - then >= STANDS_AFTER_S and now - since >= STANDS_AFTER_S
        return now - since if is_old and position < head else None

    def falls_behind(self, name: str, now: float) -> bool:
        """Far behind, and further than a while ago."""
        lags = self._lags.get(name)
        if not lags or now - lags[0][0] < STANDS_AFTER_S:
            return False
        return lags[-1][1] > FAR_BEHIND and lags[-1][1] > lags[0][1]


@dataclass
class Readiness:
    """The last checks, and the state that judging them needs. Belongs to the event loop of the gateway."""

    checks: tuple[Check, ...] = ()
    """Each part once."""
    observed: tuple[Check, ...] = ()
    """The findings of this process, without those from the journal. Only these may be reported: the journal holds what
    was reported before.
    """
    no_journal: str | None = None
    """Why nothing that is asked of the journal or a view can be answered: what ingest writes is not here."""
    _cause_at: float = float("-inf")
    _standing: Standing = field(default_factory=Standing)
    _ingest: IngestStatus | None = None
    _ingest_at: float = field(default_factory=time.monotonic)
    _started_at: float = field(default_factory=time.monotonic)
    _judged_at: float = field(default_factory=time.monotonic)

    def take_ingest_status(self, payload: bytes) -> None:
        """The status that ingest publishes of itself."""
        with suppress(ValidationError):
            status = IngestStatus.model_validate_json(payload)
            # A retained one is no sign of life.
            if status != self._ingest:
                self._ingest, self._ingest_at = status, time.monotonic()

    def judge(self, bus: BusState, stores: StoresState | str) -> tuple[Check, ...]:
        """Judge the findings; the stores give a sentence where they do not answer."""
        now = time.monotonic()
        if now - self._judged_at > STOOD_STILL_S:
            self._standing, self._ingest_at = Standing(), now
        self._judged_at = now
        found = [_broker(bus), self._ingest_check(now)]
        if isinstance(stores, str):
            found.append(Check("journal", "failed", f"The journal cannot be read: {stores}", "database_error"))
        else:
            positions = ((one.name, one.position) for one in stores.consumers)
            self._standing.take(stores.head, positions, now)
            self.no_journal = self._missing(stores, now)
            found.append(self._journal(stores.head))
            found += [_unreported(self._consumer(one, now), stores.silent) for one in stores.consumers]
        self.observed = tuple(found)
        self.checks = _worst_of_each([*found, *([] if isinstance(stores, str) else stores.faults)])
        if any((one.part, one.kind) in CAUSES for one in self.checks if one.state != "ok"):
            self._cause_at = now
        return self.checks

    @property
    def is_explained(self) -> bool:
        """Whether something keeps consumers from their work, or has done so until a moment ago."""
        return time.monotonic() - self._cause_at < STANDS_AFTER_S

    def failed(self) -> list[Check]:
        return [one for one in self.checks if one.state == "failed"]

    def troubles(self) -> list[Check]:
        return [one for one in self.checks if one.state != "ok"]

    def _is_settling(self, now: float) -> bool:
        return now - self._started_at < SETTLING_S

    def _ingest_check(self, now: float) -> Check:
        silent, state = now - self._ingest_at, "" if self._ingest is None else self._ingest.state
        if silent > INGEST_SILENT_S and not self._is_settling(now):
            return Check(
                "ingest", "failed", f"Nothing was received from ingest for {silent:.0f} s: no event is taken in."
            )
        if state not in ("", INGEST_RUNNING):
            return Check("ingest", "failed", f"Ingest takes nothing in: {state}.", "write_failed")
        return Check("ingest", "ok", state or "no status yet")

    def _journal(self, head: int) -> Check:
        if self.no_journal is not None:
            return Check("journal", "failed", self.no_journal, "database_error")
        return Check("journal", "ok", f"head {head}")

    def _missing(self, stores: StoresState, now: float) -> str | None:
        """Ingest says which journal it writes, and how far that is."""
        position, written = (0, None) if self._ingest is None else (self._ingest.position, self._ingest.journal_id)
        here, needed = stores.journal_name, "A gateway needs the data directory, or the server, of its ingest."
        if stores.journal_id is not None or stores.head > 0:
            is_other = None not in (written, stores.journal_id) and written != stores.journal_id
            return f"The journal in {here} is not the one that ingest writes. {needed}" if is_other else None
        if self._is_settling(now) and written is None:
            # Nobody can say yet whether ingest is about to begin one.
            return None
        if position > 0:
            return (
                f"The journal in {here} is empty, and ingest writes position {position:,}: it is another one. {needed}"
            )
        return f"There is no journal in {here}: no ingest has begun one there. {needed}"

    def _consumer(self, one: Follows, now: float) -> Check:
        if one.state == "stopped":
            return Check(one.name, "failed", f"The consumer {one.name} has stopped: {one.error}.")
        if one.state == "rebuilding" and one.error is not None:
            return Check(one.name, "failed", f"The consumer {one.name} answers nothing yet: {one.error}.")
        stands = None if one.state == "rebuilding" else self._standing.stands_for_s(one.name, now)
        if stands is not None:
            sentence = f"The consumer {one.name} stands still at position {one.position:,} for {stands:.0f} s"
            return Check(one.name, "failed", f"{sentence}, {one.lag:,} positions behind.", is_unreported=True)
        if one.lately:
            last = one.lately[0]
            sentence = f"The consumer {one.name} has set {len(one.lately)} events aside lately, the last at position"
            return Check(one.name, "limping", f"{sentence} {last.position:,}: {last.error}.")
        if self._standing.falls_behind(one.name, now):
            return Check(one.name, "limping", f"The consumer {one.name} falls behind: {one.lag:,} positions.")
        return Check(one.name, "ok", f"position {one.position}")


def _unreported(check: Check, silent: Collection[str]) -> Check:
    return replace(check, is_unreported=True) if check.state != "ok" and check.part in silent else check


def _worst_of_each(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Each part once; of two that are as bad the first."""
    worst: dict[str, Check] = {}
    for one in checks:
        known = worst.get(one.part)
        if known is None or _SEVERITY[one.state] > _SEVERITY[known.state]:
            worst[one.part] = one
    return tuple(worst.values())


def _broker(bus: BusState) -> Check:
    if not bus.is_connected:
        return Check(BROKER, "failed", "There is no connection to the broker.")
    if bus.silent_s > BROKER_SILENT_S:
        sentence = f"The broker is connected, but has acknowledged nothing for {bus.silent_s:.0f} s."
        return Check(BROKER, "failed", sentence)
    return Check(BROKER, "ok", "connected")
