"""Queries of the warehouse in threads of their own; its engine runs in this process or on a server."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from consumers.store.clickhouse.engine import EngineError
from consumers.views.dashboard import BadQuestion
from consumers.views.warehouse.reader import NotReady, WarehouseReader
from gateway.http.asker import ASKER
from gateway.http.problems import RETRY, Problem
from gateway.reading.dashboards import REMEMBERED, Encoded, encoded
from gateway.reading.readers import Busy, Readers

T = TypeVar("T")


@dataclass
class WarehouseThreads:
    """`warehouse` None where this hub has none."""

    warehouse: WarehouseReader | None
    # It answers one question at a time. In the threads of the others a long one would hold up all who ask the stores.
    readers: Readers[None] = field(default_factory=lambda: Readers(nullcontext, threads=1))
    _encoded: dict[tuple[str, date], tuple[dict[str, Any], Encoded]] = field(default_factory=dict)
    """The warehouse gives the same object until the rows of the day may have changed."""

    async def ask(self, question: Callable[[WarehouseReader], T]) -> T:
        """Raises a 400 for a question without an answer, and a 503 while the warehouse is not open."""
        warehouse = self.warehouse
        if warehouse is None:
            raise Problem(503, "this hub keeps no rows")
        try:
            return await self.readers.ask(lambda _: question(warehouse), ASKER.get())
        except BadQuestion as bad:
            raise Problem(400, str(bad)) from bad
        except Busy as busy:
            raise Problem(503, f"too many requests at once: {busy}", headers=RETRY) from busy
        except (NotReady, EngineError) as away:
            raise Problem(503, f"the rows cannot be read now: {away}", headers=RETRY) from away

    async def dashboard(self, site: str, day: date, zone: str) -> Encoded:
        # A known answer is given here: handing it to a thread and back takes ten times as long.
        answer = self.warehouse.known_dashboard(site, day, zone) if self.warehouse is not None else None
        if answer is None:
            answer = await self.ask(lambda warehouse: warehouse.dashboard(site, day, zone))
        known = self._encoded.get((site, day))
        if known is not None and known[0] is answer:
            return known[1]
        made = encoded(answer)
        if len(self._encoded) >= REMEMBERED:
            self._encoded.clear()
        self._encoded[site, day] = (answer, made)
        return made
