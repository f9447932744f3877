"""How far the rows are, told to other processes of the hub: only one may open them."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

FILE = "warehouse.json"


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows up to `position` are there, also those of a rebuild that is going on; positions of one journal."""

    journal: int
    position: int


_rows = TypeAdapter(Rows)


def tell_rows(data: Path, rows: Rows) -> None:
    draft = data / f".{FILE}"
    draft.write_bytes(_rows.dump_json(rows))
    draft.replace(data / FILE)


def rows_position(data: Path, journal: int) -> int | None:
    """`None` where nobody has told, or of another journal."""
    try:
        rows = _rows.validate_json((data / FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return rows.position if rows.journal == journal else None
