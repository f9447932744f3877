"""Files that say to other processes how far the warehouse rows are, because only one process may open them."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from consumers.engine.set_aside import SetAsideEvent
from consumers.engine.store_owner import SetAsideEvents
from producer.whole_file import write_whole

FILE = "warehouse.json"
SET_ASIDE_FILE = "warehouse-set-aside.json"
SET_ASIDE_KEPT = 100


@dataclass(frozen=True, slots=True)
class RowsProgress:
    """All rows up to `position` are there, also those of a rebuild that is going on; positions of one journal."""

    journal: int
    position: int


_rows = TypeAdapter(RowsProgress)


def write_progress(data: Path, rows: RowsProgress) -> None:
    draft = data / f".{FILE}"
    draft.write_bytes(_rows.dump_json(rows))
    draft.replace(data / FILE)


def write_set_aside(data: Path, events: Sequence[SetAsideEvent], *, anew: bool = False) -> None:
    """Add to what is there, or begin `anew` where all rows were folded again."""
    before = SetAsideEvents() if anew else rows_set_aside(data)
    newest = (*reversed(events), *before.newest)[:SET_ASIDE_KEPT]
    counted = SetAsideEvents(total=before.total + len(events), newest=newest)
    write_whole(data / SET_ASIDE_FILE, counted.model_dump_json().encode())


def rows_set_aside(data: Path) -> SetAsideEvents:
    try:
        return SetAsideEvents.model_validate_json((data / SET_ASIDE_FILE).read_bytes())
    except (OSError, ValidationError):
        return SetAsideEvents()


def rows_position(data: Path, journal: int) -> int | None:
    """`None` where it is not known, or of another journal."""
    try:
        rows = _rows.validate_json((data / FILE).read_bytes())
    except (OSError, ValidationError):
        return None
    return rows.position if rows.journal == journal else None
