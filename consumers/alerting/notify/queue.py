"""The durable queue of one receiver: what waits for it, when it is tried again, and what was set aside."""

import random
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bus_schemas.alert import AlertEvent
from consumers.alerting.notify.delivery import AlertDelivery, DeliveryOutcome, DeliveryVerdict
from consumers.alerting.notify.grouping import BUSY_WINDOW_S, Choice, choose
from consumers.alerting.notify.message import body_of
from producer.backoff import Backoff
from producer.transaction import transaction

RETRY = Backoff(5.0, 3600.0)
RECEIVER_RETRY = Backoff(5.0, 60.0)
"""A receiver that takes nothing, whatever it is, gets one message in so long, and with that all that is due."""
GIVE_UP_S = 3 * 86_400.0
REFUSALS = 3
STUCK_AFTER = 3
SECONDS_PER_POST = 1.0
MAX_DUE_PER_QUERY = 2000
MOST_WAITING = 10_000
REMEMBERED = 10_000

SCHEMA = """
create table if not exists delivery (
    number integer primary key, receiver text not null, event_id text not null, alert_id text not null,
    site text not null, device text not null, type text not null, state text not null, level text not null,
    body blob not null, born real not null, attempts integer not null default 0, refusals integer not null default 0,
    largest integer not null default 500, is_reduced integer not null default 0, due real not null,
    verdict text, reason text, ended text, unique (receiver, event_id)
) strict;
create index if not exists delivery_due on delivery (receiver, due) where ended is null;
create index if not exists delivery_alert on delivery (receiver, alert_id, number) where ended is null;
create table if not exists receiver (
    name text primary key, last_success real, last_error text, last_error_at real, quiet_until real not null default 0,
    set_aside integer not null default 0
) strict;
"""

_COLUMNS = (
    "number, event_id, alert_id, site, device, type, state, level, body, born, attempts, refusals, largest, is_reduced"
)
Chance = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Settled:
    """The effect of an outcome on the deliveries of a message: how many are done, and how many were set aside."""

    delivered: int = 0
    set_aside: int = 0


def put(state: sqlite3.Connection, receivers: Iterable[str], events: Iterable[AlertEvent], now: float) -> None:
    """Queue alerts for each receiver, each once however often it comes."""
    rows = [
        (
            receiver,
            event.id,
            alert.alert_id,
            alert.site,
            alert.device,
            alert.type,
            alert.state,
            alert.level,
            body,
            now,
            now,
        )
        for event, body in [(event, body_of(event)) for event in events]
        for alert in (event.data,)
        for receiver in receivers
    ]
    state.executemany(
        "insert or ignore into delivery"
        " (receiver, event_id, alert_id, site, device, type, state, level, body, born, due)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def forget_others(state: sqlite3.Connection, receivers: Sequence[str]) -> None:
    """Drop what waits for receivers that are not configured any more."""
    marks = ", ".join("?" * len(receivers))
    with transaction(state):
        state.execute(f"delete from delivery where receiver not in ({marks})", receivers)  # noqa: S608 - marks alone
        state.execute(f"delete from receiver where name not in ({marks})", receivers)  # noqa: S608 - marks alone


class DeliveryQueue:
    """The deliveries that wait for one receiver. The caller serialises calls, and posts between `next` and `settle`."""

    def __init__(self, state: sqlite3.Connection, receiver: str, chance: Chance = random.random) -> None:
        self._state = state
        self._receiver = receiver
        self._chance = chance
        self._posts: deque[float] = deque()
        self._looked_at = 0.0
        self._failing: set[int] = set()
        """The first alerts of the messages that the receiver answered and did not take since it took one last: one that
        fails again and again may be at fault itself, several are not.
        """
        self._failures = 0
        state.execute("insert or ignore into receiver (name) values (?)", (receiver,))

    def next(self, now: float) -> Choice:
        """The alerts of the next message, which is then posted; else when to look again, if anything waits."""
        if now < self._looked_at:
            self._hurry(now)
        self._looked_at = now
        quiet = self._state.execute("select quiet_until from receiver where name = ?", (self._receiver,)).fetchone()
        earliest = max(quiet[0], self._posts[-1] + SECONDS_PER_POST if self._posts else 0.0)
        if earliest > now:
            return Choice(at=earliest)
        while self._posts and self._posts[0] <= now - BUSY_WINDOW_S:
            self._posts.popleft()
        choice = choose(self._due(now), now, len(self._posts))
        if choice.deliveries:
            self._posts.append(now)
            return choice
        times = [at for at in (choice.at, self._next_due(now)) if at is not None]
        return Choice(at=min(times, default=None))

    def _hurry(self, now: float) -> None:
        """The clock was set back: what waits for a time of the old clock would wait for too long."""
        self._posts.clear()
        self._state.execute(
            "update delivery set due = ? where receiver = ? and ended is null and due > ?", (now, self._receiver, now)
        )
        self._state.execute("update receiver set quiet_until = 0 where name = ?", (self._receiver,))

    def settle(self, deliveries: Sequence[AlertDelivery], outcome: DeliveryOutcome, now: float) -> Settled:
        """Write down what became of a message."""
        with transaction(self._state):
            settled = self._settle(deliveries, outcome, now)
            self._forget()
        return settled

    def is_stuck(self) -> bool:
        """Whether a delivery has failed too often for a passing trouble."""
        query = "select 1 from delivery where receiver = ? and ended is null and attempts >= ? limit 1"
        return self._state.execute(query, (self._receiver, STUCK_AFTER)).fetchone() is not None

    def known_trouble(self) -> str | None:
        """Why alerts did not reach it, as far as an earlier process knew: the next attempt may be hours off."""
        query = (
            "select last_error, set_aside from receiver where name = ? and last_error_at > coalesce(last_success, 0)"
        )
        found: tuple[str, int] | None = self._state.execute(query, (self._receiver,)).fetchone()
        return found[0] if found is not None and (found[1] or self.is_stuck()) else None

    def bound(self) -> int:
        """Set aside the oldest where more wait than may; how many."""
        query = (
            "select number from delivery where receiver = ? and ended is null order by number desc limit -1 offset ?"
        )
        surplus = [number for (number,) in self._state.execute(query, (self._receiver, MOST_WAITING))]
        self._set_aside(surplus, f"more than {MOST_WAITING} alerts wait for this receiver")
        return len(surplus)

    def _settle(self, deliveries: Sequence[AlertDelivery], outcome: DeliveryOutcome, now: float) -> Settled:
        if outcome.verdict is DeliveryVerdict.TAKEN:
            return self._succeed(deliveries, now)
        self._state.execute(
            "update receiver set last_error = ?, last_error_at = ? where name = ?",
            (outcome.reason, now, self._receiver),
        )
        match outcome.verdict:
            case DeliveryVerdict.TOO_LARGE if not any(delivery.is_reduced for delivery in deliveries):
                self._reduce(deliveries, outcome, now)
                return Settled()
            case DeliveryVerdict.TOO_LARGE:
                given_up = list(deliveries)
            case DeliveryVerdict.REFUSED:
                given_up = self._refuse(deliveries, outcome, now)
            case _:
                given_up = self._put_off(deliveries, outcome, now)
        return Settled(set_aside=self._set_aside([delivery.number for delivery in given_up], outcome.reason))

    def _succeed(self, deliveries: Sequence[AlertDelivery], now: float) -> Settled:
        """An alert that only found nobody there need not wait out its pause."""
        self._failing, self._failures = set(), 0
        for delivery in deliveries:
            self._end(delivery.number, "delivered")
        self._state.execute("update receiver set last_success = ? where name = ?", (now, self._receiver))
        self._state.execute(
            "update delivery set due = min(due, ?) where receiver = ? and ended is null and verdict = ?",
            (now, self._receiver, DeliveryVerdict.UNREACHABLE.value),
        )
        return Settled(delivered=len(deliveries))

    def _reduce(self, deliveries: Sequence[AlertDelivery], outcome: DeliveryOutcome, now: float) -> None:
        for delivery in deliveries:
            self._state.execute(
                "update delivery set is_reduced = 1, refusals = refusals + 1, due = ?, verdict = ?, reason = ?"
                " where number = ?",
                (now, outcome.verdict.value, outcome.reason, delivery.number),
            )

    def _refuse(self, deliveries: Sequence[AlertDelivery], outcome: DeliveryOutcome, now: float) -> list[AlertDelivery]:
        """Those that were refused too often. The others are tried in smaller messages: it may be one of them."""
        again = [delivery for delivery in deliveries if delivery.refusals + 1 < REFUSALS]
        share = self._chance()
        for delivery in again:
            self._state.execute(
                "update delivery set refusals = refusals + 1, largest = ?, due = ?, verdict = ?, reason = ?"
                " where number = ?",
                (
                    max(1, len(deliveries) // 4),
                    now + RETRY.after(delivery.refusals + 1, lambda: share),
                    outcome.verdict.value,
                    outcome.reason,
                    delivery.number,
                ),
            )
        return [delivery for delivery in deliveries if delivery.refusals + 1 >= REFUSALS]

    def _put_off(
        self, deliveries: Sequence[AlertDelivery], outcome: DeliveryOutcome, now: float
    ) -> list[AlertDelivery]:
        """Those that have waited for too long. Alerts that were tried together are tried again together."""
        again = [delivery for delivery in deliveries if now - delivery.born <= GIVE_UP_S]
        share = self._chance()
        for delivery in again:
            wait_s = RETRY.after(delivery.attempts + 1, lambda: share) if outcome.wait_s is None else outcome.wait_s
            self._state.execute(
                "update delivery set attempts = attempts + 1, due = ?, verdict = ?, reason = ? where number = ?",
                (now + wait_s, outcome.verdict.value, outcome.reason, delivery.number),
            )
        if (quiet_s := self._quiet_s(deliveries, outcome)) is not None:
            self._state.execute("update receiver set quiet_until = ? where name = ?", (now + quiet_s, self._receiver))
        return [delivery for delivery in deliveries if now - delivery.born > GIVE_UP_S]

    def _quiet_s(self, deliveries: Sequence[AlertDelivery], outcome: DeliveryOutcome) -> float | None:
        """How long the receiver gets nothing: as it asked, or where it is at fault rather than an alert."""
        if outcome.wait_s is not None or outcome.verdict is not DeliveryVerdict.FAILED:
            return outcome.wait_s
        self._failing.add(deliveries[0].number)
        if len(self._failing) < STUCK_AFTER:
            return None
        self._failures += 1
        return RECEIVER_RETRY.after(self._failures, self._chance)

    def _set_aside(self, numbers: Sequence[int], reason: str) -> int:
        for number in numbers:
            self._end(number, "set aside", reason)
        self._state.execute(
            "update receiver set set_aside = set_aside + ? where name = ?", (len(numbers), self._receiver)
        )
        return len(numbers)

    def _end(self, number: int, how: str, reason: str | None = None) -> None:
        """Remembered for a while: the same batch may be queued again. Alerts that were set aside keep their text."""
        self._state.execute(
            "update delivery set ended = ?, reason = ?, body = case ? when 'delivered' then x'' else body end"
            " where number = ?",
            (how, reason, how, number),
        )

    def _forget(self) -> None:
        query = "delete from delivery where ended is not null and number <= (select max(number) from delivery) - ?"
        self._state.execute(query, (REMEMBERED,))

    def _due(self, now: float) -> list[AlertDelivery]:
        """In the order of arrival, without those before which another one of the same alert is to be tried again."""
        query = f"""
        select {_COLUMNS} from delivery as one where receiver = ? and ended is null and due <= ? and not exists (
            select 1 from delivery as earlier where earlier.receiver = one.receiver and earlier.ended is null
            and earlier.alert_id = one.alert_id and earlier.number < one.number
            and (earlier.due > ? or earlier.attempts + earlier.refusals > 0)
        ) order by number limit ?
        """  # noqa: S608 - our own columns
        rows = self._state.execute(query, (self._receiver, now, now, MAX_DUE_PER_QUERY))
        return [AlertDelivery(*row) for row in rows]

    def _next_due(self, now: float) -> float | None:
        query = "select min(due) from delivery where receiver = ? and ended is null and due > ?"
        found: tuple[float | None] = self._state.execute(query, (self._receiver, now)).fetchone()
        return found[0]
