"""Decides which of the waiting alerts make up the next message of a receiver.

A single alert leaves at once. Many of one cause are gathered for a moment and sent together, many of many causes as one
digest; a receiver that has had many messages within a minute gets digests, further apart. A critical alert waits for no
other. The alerts of one device keep their order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from consumers.alerting.alerts.grouped_wording import RETURN
from consumers.alerting.notify.delivery import AlertDelivery, Cause, DeviceRef

GATHER_FROM = 4
"""This many alerts of one cause at once are a storm, and more will follow."""
GATHER_S = 2.0
CAUSES_FOR_DIGEST = 4
BUSY_POSTS = 6
BUSY_WINDOW_S = 60.0
DIGEST_S = 15.0
_NEVER = Cause("", "", "")


@dataclass(frozen=True, slots=True)
class Choice:
    """The alerts of the next message, or, without any, when to look again."""

    deliveries: tuple[AlertDelivery, ...] = ()
    at: float | None = None


def choose(due: Sequence[AlertDelivery], now: float, recent_posts: int) -> Choice:
    """Choose the alerts to send next, in the order of arrival. Those that failed before go apart from new ones."""
    fresh = [delivery for delivery in due if not delivery.attempts and not delivery.refusals]
    choice = _choose(fresh, now, DIGEST_S if recent_posts >= BUSY_POSTS else GATHER_S)
    if choice.deliveries:
        return choice
    again = [delivery for delivery in due if delivery.attempts or delivery.refusals]
    groups = _groups(again)
    if groups:
        return Choice(_at_most(again if len(groups) >= CAUSES_FOR_DIGEST else groups[0]))
    return choice


def _choose(fresh: Sequence[AlertDelivery], now: float, window_s: float) -> Choice:
    groups = _groups(fresh)
    if window_s == DIGEST_S or len(groups) >= CAUSES_FOR_DIGEST:
        groups = [list(fresh)] if fresh else []
    ready_times = []
    for group in groups:
        ready_at = _ready_at(group, window_s)
        if ready_at <= now:
            return Choice(_at_most(group))
        ready_times.append(ready_at)
    return Choice(at=min(ready_times, default=None))


def _ready_at(group: Sequence[AlertDelivery], window_s: float) -> float:
    first = group[0].born
    if any(delivery.level == "critical" for delivery in group):
        return first
    is_calm = window_s == GATHER_S
    if is_calm and _devices(group) < GATHER_FROM:
        return first
    return first + window_s


def _groups(deliveries: Sequence[AlertDelivery]) -> list[list[AlertDelivery]]:
    """By cause, the oldest first; without alerts whose device has an earlier one in another group.

    That a device is back is two alerts, which are sent together where many are back.
    """
    groups = _by(_return_of, deliveries)
    many = [group for group in groups if _devices(group) >= GATHER_FROM]
    few = [delivery for group in groups if _devices(group) < GATHER_FROM for delivery in group]
    found = many + _by(_cause_of, sorted(few, key=_number_of))
    return sorted(found, key=lambda group: group[0].number)


def _by(cause_of: Callable[[AlertDelivery], Cause], deliveries: Sequence[AlertDelivery]) -> list[list[AlertDelivery]]:
    groups: dict[Cause, list[AlertDelivery]] = {}
    turn: dict[DeviceRef, Cause] = {}
    for delivery in deliveries:
        cause = cause_of(delivery)
        if turn.setdefault(delivery.device_ref, cause) == cause:
            groups.setdefault(cause, []).append(delivery)
        else:
            turn[delivery.device_ref] = _NEVER
    return list(groups.values())


def _cause_of(delivery: AlertDelivery) -> Cause:
    return delivery.cause


def _return_of(delivery: AlertDelivery) -> Cause:
    return Cause(delivery.site, "return", "") if (delivery.type, delivery.state) in RETURN else delivery.cause


def _number_of(delivery: AlertDelivery) -> int:
    return delivery.number


def _devices(group: Sequence[AlertDelivery]) -> int:
    return len({delivery.device_ref for delivery in group})


def _at_most(group: Sequence[AlertDelivery]) -> tuple[AlertDelivery, ...]:
    """As many alerts as each of them allows in one message."""
    largest = group[0].largest
    for size, delivery in enumerate(group):
        largest = min(largest, delivery.largest)
        if size >= largest:
            return tuple(group[:size])
    return tuple(group)
