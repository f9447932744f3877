"""What the hub of a varied site says of itself, by chance: parts of it fail and work again, and its disk fills."""

from datetime import datetime
from random import Random
from typing import Any, Final

from bus_schemas.hub import FaultKind
from tests import builders
from tests.builders import at
from tests.whole_hub import Bus

PARTS: Final[tuple[tuple[str, FaultKind], ...]] = (
    ("webhook", "write_failed"), ("archive", "storage_unwritable"), ("views", "database_error"),
    ("gateway", "system_error"),
)  # fmt: skip
SHARE_CHANGES: Final = 0.06


class VariedHub:
    """One step after the other, as the site; its chance is its own, so that it changes nothing of the site's."""

    def __init__(self, bus: Bus, seed: int) -> None:
        self._bus = bus
        self._chance = Random(f"hub {seed}")
        self._open: dict[tuple[str, FaultKind], datetime] = {}
        self._disk_percent = 50.0

    def beat(self, second: int) -> dict[str, Any]:
        """The part of its heartbeat that says how full its disk is."""
        if self._chance.random() < SHARE_CHANGES:
            self._disk_percent = self._chance.choice((50.0, 50.0, 91.0, 97.0))
        return {"disk_id": "hub", "system": {"disk_percent": self._disk_percent}}

    def step(self, second: int) -> None:
        if self._chance.random() >= SHARE_CHANGES:
            return
        part, kind = fault = self._chance.choice(PARTS)
        since = self._open.pop(fault, None)
        if since is None:
            since = self._open[fault] = at(second)
            state = "raised"
        else:
            state = "cleared"
        said = builders.fault(at(second), state, part=part, kind=kind, since=since, reason=f"{part} does not answer")
        self._bus.record(said, second)
