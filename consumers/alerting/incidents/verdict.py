"""The decisions of the rules on an event."""

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, get_args

from bus_schemas.alert import AlertLevelName, IncidentType
from bus_schemas.condition import level_of
from bus_schemas.hub import FaultKind

Turn = Literal["opened", "renewed", "worsened", "closed"]
Ending = Literal["retired", "not_expected", "source_removed", "not_measured"]
"""Why an incident is closed although nothing has become good: nobody watches its device any more, nobody expects of it
what it does not send, it has no source any more that could show the end, or it goes on and measures that no more.
"""
RETIRED: Final = "retired"
ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)


def ending(became: Ending) -> dict[str, Any]:
    """The details of such an end."""
    return {"reason": became, "became": became, "recovered": False}


@dataclass(slots=True)
class Open:
    """An incident that is open: what the condition of its device is made of."""

    id: str
    level: AlertLevelName
    since: float
    reason: str | None = None


class Verdict(NamedTuple):
    """A rule's decision: a condition holds since a moment (seconds since 1970), holds in another way, is worse than it
    was, or is over.
    """

    type: IncidentType | FaultKind
    turn: Turn
    since: float
    causes: tuple[str, ...]
    details: dict[str, Any]
    media: tuple[str, ...] = ()
    part: str | None = None
    """The part of the hub that a fault is about; several of one type may hold at once."""
    incident_id: str | None = None
    """Where it follows from the event alone."""

    @property
    def key(self) -> str:
        return self.type if self.part is None else f"{self.type}/{self.part}"

    @property
    def level(self) -> AlertLevelName:
        return level_of(self.type, self.details)
