"""Events as JSON with a value at every place that their models know, made of the schemas by which they are judged."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bus_schemas.catalogue import MODELS

Path = tuple[str | int, ...]

_TEXTS = (
    "DEMO", "offline", "TRIGGER", "image/jpeg", "DEMO/stranger/capture/one", "/sites/DEMO/devices/stranger", "a" * 64,
    "08:30", "#ffffff",
)  # fmt: skip


def _number(schema: Any) -> Any:
    return max(schema.get("ge", 0), schema.get("gt", -1) + 1, min(1, schema.get("le", 1)))


def _text(schema: Any) -> str:
    return next(text for text in _TEXTS if re.search(schema.get("pattern", ""), text))


_BY_KIND: Mapping[str, Callable[[Any], Any]] = {
    "model-fields": lambda schema: {name: sample(field) for name, field in schema["fields"].items()},
    "int": _number,
    "float": _number,
    "bool": lambda _: True,
    "literal": lambda schema: schema["expected"][0],
    "str": _text,
    "tuple": lambda schema: [sample(member) for member in schema["items_schema"]],
    "dict": lambda _: {"key": {"inner": [1, "x", True]}},
    "datetime": lambda _: "2026-01-05T10:00:00.000Z",
}


def sample(schema: Any) -> Any:
    """A value that the schema takes; what may be absent is there."""
    made = _BY_KIND.get(schema["type"])
    return sample(schema["schema"]) if made is None else made(schema)


def whole_event(event_type: str) -> dict[str, Any]:
    found: dict[str, Any] = sample(MODELS[event_type].__pydantic_core_schema__)
    return found


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where in a JSON value something else could be."""
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))
