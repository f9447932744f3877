"""What happens to a yard that is watched, and what alerting makes of it."""

from typing import Any

from bus_schemas.alert import AlertEvent, IncidentEvent
from bus_schemas.event import Event
from consumers.alerting.conditions import conditions
from tests.builders import at, frame, heartbeat, state, tick
from tests.following import Followed

AGENT: dict[str, Any] = {"epoch": "e1"}


def emitted(followed: Followed) -> list[tuple[str, str, str]]:
    """Device, type and state of each incident event."""
    data = [event.data for event in followed.emitted() if isinstance(event, IncidentEvent)]
    return [(each.device, each.type, each.state) for each in data]


def raised(followed: Followed) -> list[tuple[str, str, str]]:
    """Device, type and state of each alert event."""
    data = [event.data for event in followed.emitted() if isinstance(event, AlertEvent)]
    return [(each.device, each.type, each.state) for each in data]


def ticks(first: float, last: float) -> list[Event]:
    """The hub's heartbeats, of one process that runs since long before."""
    count = int((last - first) // 5)
    return [tick(at(first + 5 * n), uptime_s=3600 + first + 5 * n) for n in range(count + 1)]


def take(followed: Followed, *events: Event) -> None:
    """In the order of their times, each received at once."""
    for event in sorted(events, key=lambda one: one.time):
        followed.journal.append(event, received=event.time)
    followed.catch_up()


def frames(first: float, last: float, fps: float = 1.0, **about: Any) -> list[Event]:
    count = round((last - first) * fps)
    return [frame(at(first + n / fps), **{**AGENT, **about}) for n in range(count)]


def condition(followed: Followed, device: str = "yard") -> tuple[str, tuple[str, ...]]:
    found = conditions(followed.view).get(("DEMO", device))
    return ("unknown", ()) if found is None else (found.condition, found.types)


def loss(second: float, reason: str = "connection lost", **about: Any) -> Event:
    """A state of offline. That of a last will says the time of its connection."""
    return state(at(second), online=False, reason=reason, **about)


# The agent, and what hangs under it

CAMERAS = ("gate", "roof", "yard")


def beats(second: float, node: str | None = "north") -> list[Event]:
    return [heartbeat(at(second), device=device, node=node, **AGENT) for device in CAMERAS]
