"""What each view is made of by this code: its tables, and what a fixed journal is folded into, beside its version.

`python -m tests.contract.fingerprints` writes the files in `golden/views` again. It refuses those of which the version
is the committed one although the view is not: data directories hold views of that version. `--same-version` writes them
too, for a version that was never released. `--journal` makes the fixed journal anew, of the story that the other tests
of consumers use; then every fingerprint may change without its version.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bus_schemas.camera import FrameEvent
from bus_schemas.codec import read_stored, to_bytes
from bus_schemas.media import MediaEvent, SegmentEvent
from bus_schemas.node import HeartbeatEvent
from bus_schemas.thermal import ThermalEvent
from consumers.engine import shape, view_files
from consumers.engine.checkpoint import tables_of
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.projection import Projection
from consumers.engine.sink import Sink
from consumers.engine.store_owner import StoreOwner
from consumers.hub_config import HubConfig
from consumers.registry import CONSUMERS, STORE_OWNERS
from consumers.store.clickhouse.dialect import CURRENT
from consumers.views.warehouse import tables as warehouse
from consumers.views.warehouse.consumer import WarehouseConsumer
from consumers.views.warehouse.rows import blocks
from tests.builders import START, at
from tests.contract.story import picture, story
from tests.following import MemoryMedia
from tests.memory_journal import MemoryJournal

GOLDEN = Path(__file__).parent / "golden" / "views"
JOURNAL = GOLDEN / "journal.ndjson.gz"
COMMAND = "python -m tests.contract.fingerprints"

_OF_THE_PICTURE = {("mosaics", "tiles"): frozenset({"tile", "ok", "ko", "bytes"})}
"""Columns that follow from how a library encodes a JPEG."""


_ROUTINE = (MediaEvent, FrameEvent, SegmentEvent, ThermalEvent, HeartbeatEvent)

Fingerprint = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a committed fingerprint does not hold; `is_forgotten` where its version should have been counted up."""

    sentence: str
    is_forgotten: bool = False


def names() -> list[str]:
    return [*sorted(CONSUMERS), *STORE_OWNERS]


def journal() -> MemoryJournal:
    """The fixed one."""
    made = MemoryJournal()
    with gzip.open(JOURNAL, "rt") as lines:
        for line in lines:
            received, _, body = line.partition(" ")
            made.append(*read_stored([body.encode()]), received=datetime.fromisoformat(received))
    return made


def write_journal() -> None:
    """Every fifteen seconds of the story, and all of its trouble."""
    lines = []
    for received, event in story().in_order():
        if not isinstance(event, _ROUTINE) or event.time.second % 15 == 0:
            lines.append(f"{at(received).isoformat()} {to_bytes(event).decode()}\n")
    JOURNAL.parent.mkdir(parents=True, exist_ok=True)
    JOURNAL.write_bytes(gzip.compress("".join(lines).encode(), 9, mtime=0))


def fingerprint(name: str, folded: MemoryJournal) -> Fingerprint:
    """Of a sink, whose state follows from no journal, only the tables."""
    if name in STORE_OWNERS:
        return _OF_STORES[STORE_OWNERS[name]](folded)
    with TemporaryDirectory() as directory:
        hub = HubConfig(data=Path(directory), archive=lambda: _OnePicture())
        made = CONSUMERS[name](hub)
        if isinstance(made, Sink):
            made.close()
            return {"version": made.version, "tables": dict(shape.shape_of(made).tables)}
        return _of_view(made, hub.data, folded)


class _OnePicture(MemoryMedia):
    """All media are the same picture."""

    def read(self, key: str) -> bytes | None:
        return picture(120)


def _of_view(projection: Projection, data: Path, folded: MemoryJournal) -> Fingerprint:
    with closing(Follower(projection, ConsumerContext(data, folded, lambda: START))) as follower:
        while follower.advance():
            pass
    with closing(view_files.open_view(data, projection.name)) as view:
        found: Fingerprint = {"version": projection.version, "tables": shape.tables_of(view), "rows": {}}
        for table in tables_of(view):
            columns = [column[0] for column in view.execute(f"select * from {table} limit 0").description]
            left_out = _OF_THE_PICTURE.get((projection.name, table), frozenset())
            shown = [index for index, column in enumerate(columns) if column not in left_out]
            rows = [projection.compared(table, row) for row in view.execute(f"select * from {table}")]
            found["rows"][table] = _digest([row[index] for index in shown] for row in rows)
        if projection.emits:
            bodies = view.execute("select body from outbox_event order by position").fetchall()
            found["emitted"] = _digest([_without_place(body)] for (body,) in bodies)
    return found


def _of_warehouse(folded: MemoryJournal) -> Fingerprint:
    rows = blocks(folded.read(0, None, folded.head()).records)
    return {
        "version": warehouse.VERSION,
        "tables": {one.name: warehouse.definition(one, CURRENT, None) for one in warehouse.TABLES},
        "rows": {one.name: _digest(map(list, zip(*columns, strict=True))) for one, columns in rows.items()},
    }


_OF_STORES: dict[type[StoreOwner], Callable[[MemoryJournal], Fingerprint]] = {WarehouseConsumer: _of_warehouse}


def _without_place(body: bytes) -> dict[str, Any]:
    """Each outbox has an epoch of its own."""
    event: dict[str, Any] = json.loads(body)
    return {name: value for name, value in event.items() if name not in ("epoch", "sequence")}


def _digest(rows: Iterable[Sequence[Any]]) -> str:
    """The same in whatever order the rows are; of floats what every processor agrees about."""
    lines = sorted(json.dumps(_plain(row), sort_keys=True) for row in rows)
    return f"{len(lines)} rows, {sha256(chr(10).join(lines).encode()).hexdigest()[:32]}"


def _plain(value: Any) -> Any:
    match value:
        case float():
            return float(f"{value:.12g}")
        case bytes():
            return value.hex()
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
    return value if value is None or isinstance(value, str | int) else repr(value)


def committed(name: str) -> Fingerprint | None:
    file = GOLDEN / f"{name}.json"
    found: Fingerprint | None = json.loads(file.read_text()) if file.exists() else None
    return found


def judge(name: str, now: Fingerprint, before: Fingerprint | None) -> Finding | None:
    """`None` where the view is the committed one."""
    if now == before:
        return None
    if before is None:
        return Finding(f"{name} has no fingerprint yet: run `{COMMAND}`")
    old, new = before["version"], now["version"]
    if new > old:
        return Finding(f"{name} is of version {new}, and its fingerprint of version {old}: run `{COMMAND}`")
    return Finding(_forgotten(name, old, new, _differing(now, before)), is_forgotten=True)


def _forgotten(name: str, old: int, new: int, what: Sequence[str]) -> str:
    if new < old:
        return f"{name} is of version {new}, but version {old} was there already: versions only grow"
    return (
        f"{name} is another one than the committed version {old}: {', '.join(what)}. Data directories hold that one,"
        " and this code would go on with it. Count `version` up, so that a view is folded again and the state of a sink"
        f" is carried over, and run `{COMMAND}`"
    )


def _differing(now: Fingerprint, before: Fingerprint) -> list[str]:
    found = []
    for part, word in (("tables", "the SQL of {}"), ("rows", "the rows of {}")):
        one, other = now.get(part, {}), before.get(part, {})
        found += [word.format(name) for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
    return found + (["what it emits"] if now.get("emitted") != before.get("emitted") else [])


def write(name: str, now: Fingerprint) -> None:
    GOLDEN.mkdir(parents=True, exist_ok=True)
    (GOLDEN / f"{name}.json").write_text(json.dumps(now, indent=2, sort_keys=True) + "\n")


def regenerate(is_allowed: Callable[[Finding], bool]) -> int:
    """How many were refused."""
    folded, refused = journal(), 0
    for gone in {file.stem for file in GOLDEN.glob("*.json")} - set(names()):
        (GOLDEN / f"{gone}.json").unlink()
    for name in names():
        now = fingerprint(name, folded)
        finding = judge(name, now, committed(name))
        if finding is None:
            continue
        if is_allowed(finding):
            write(name, now)
            sys.stdout.write(f"written: {name}, version {now['version']}\n")
        else:
            refused += 1
            sys.stderr.write(f"refused: {finding.sentence}\n")
    return refused


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Write the fingerprints of the views again.")
    parser.add_argument("--same-version", action="store_true", help="also of a version that was never released")
    parser.add_argument("--journal", action="store_true", help="make the fixed journal anew")
    asked = parser.parse_args()
    if asked.journal:
        write_journal()
    return 1 if regenerate(lambda finding: asked.same_version or asked.journal or not finding.is_forgotten) else 0


if __name__ == "__main__":
    sys.exit(main())
