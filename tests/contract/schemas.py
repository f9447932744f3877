"""What was published of each event type, and whether a change of it breaks those who rely on it.

`python -m tests.contract.schemas` records additive changes and new types. What is not additive needs a new version
of the type, beside the old one and with an upcast.
"""

import json
import sys
from pathlib import Path
from typing import Any

from bus_schemas.json_schema import json_schemas

PUBLISHED = Path(__file__).parent / "golden" / "schemas"

Schema = dict[str, Any]


def published(event_type: str) -> Schema | None:
    file = PUBLISHED / f"{event_type}.json"
    return json.loads(file.read_text()) if file.exists() else None


def breaks(old: Any, new: Any, where: str = "") -> list[str]:
    """What somebody who relies on the old schema would stumble over: all but descriptions and new optional keys."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [found for key in sorted({*old, *new}) for found in _breaks_at(key, old, new, f"{where}/{key}")]
    if _are_alternatives(old) and _are_alternatives(new) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [found for number, (was, now) in pairs for found in breaks(was, now, f"{where}/{number}")]
    return [] if old == new else [f"{where}: {json.dumps(old)} became {json.dumps(new)}"]


def _are_alternatives(schema: Any) -> bool:
    return isinstance(schema, list) and all(isinstance(one, dict) for one in schema)


def _breaks_at(key: str, old: Schema, new: Schema, where: str) -> list[str]:
    if key == "description" and isinstance(old.get(key, new.get(key)), str):
        return []
    if key == "required":
        added = set(new.get(key, ())) - set(old.get(key, ()))
        return [f"{where}: {name} became required" for name in sorted(added)]
    if key not in new:
        return [f"{where}: is gone"]
    if key not in old:
        optional = where.split("/")[-2] in {"properties", "$defs"}
        return [] if optional else [f"{where}: is new and narrows what was valid"]
    return breaks(old[key], new[key], where)


def record() -> list[str]:
    """Write down what changed additively; the sentences say what did not."""
    PUBLISHED.mkdir(exist_ok=True)
    refused: list[str] = []
    for event_type, schema in json_schemas().items():
        before = published(event_type)
        broken = [] if before is None else breaks(before, schema)
        if broken:
            refused += [f"{event_type}{found}" for found in broken]
        else:
            text = json.dumps(schema, indent=1, ensure_ascii=False)
            (PUBLISHED / f"{event_type}.json").write_text(text + "\n")
    return refused


if __name__ == "__main__":
    sys.exit("\n".join(record()) or 0)
