"""Writes the reference of `watchpost.yaml` in Markdown from its models."""

import json
from collections.abc import Iterator
from typing import Any

from watchpost.configuration.config import WatchpostConfig

Schema = dict[str, Any]

_HEAD = """# Configuration

One file, `watchpost.yaml`. Every key is optional unless it says *required*; an unknown key is refused with file,
line and the nearest key that exists. Check a file with `watchpost config check FILE`. Secrets are never written into
it: keys that end in `_env` name an environment variable, keys that end in `_file` a file; run the check where these are
set, for it ends with 1 and their names where one is missing. In the address of a camera, percent-encode what is special
in user and password (`%40` for `@`, `%2F` for `/`). This page is written by
`watchpost schema reference`.
"""


def markdown() -> str:
    """The whole page."""
    schema = WatchpostConfig.model_json_schema()
    parts: dict[str, Schema] = schema["$defs"]
    sections = [_section("watchpost.yaml", schema)]
    sections += [_section(name, part) for name, part in _reached(schema, parts).items() if "properties" in part]
    return "\n".join([_HEAD, *sections])


def _reached(schema: Schema, parts: dict[str, Schema]) -> dict[str, Schema]:
    """The parts in the order in which the file refers to them."""
    found: dict[str, Schema] = {}
    for name in _references(schema):
        if name not in found:
            found[name] = parts[name]
            found |= {inner: part for inner, part in _reached(parts[name], parts).items() if inner not in found}
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield _name(schema)
        for key, value in schema.items():
            if key not in ("$defs", "discriminator"):
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _section(name: str, schema: Schema) -> str:
    required = schema.get("required", [])
    rows = [_row(key, field, key in required) for key, field in schema["properties"].items()]
    lines = [
        f"## {_title(name)}",
        "",
        schema.get("description", ""),
        "",
        "| key | value | default | meaning |",
        "|---|---|---|---|",
    ]
    return "\n".join([*lines, *rows, ""])


def _row(key: str, field: Schema, required: bool) -> str:
    default = "*required*" if required else _default(field)
    return f"| `{key}` | {_value(field)} | {default} | {field.get('description', '')} |"


def _default(field: Schema) -> str:
    value = field.get("default")
    return "" if value is None or value in ([], {}) else f"`{json.dumps(value, ensure_ascii=False)}`"


def _value(field: Schema) -> str:
    """The allowed values, in words."""
    if "$ref" in field:
        return _link(_name(field))
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    for choice in ("anyOf", "oneOf"):
        if choice in field:
            return " or ".join(_value(option) for option in field[choice] if option.get("type") != "null")
    if field.get("type") == "array":
        return _list(field)
    return str(field.get("type", "")) + _bounds(field)


def _list(field: Schema) -> str:
    if "prefixItems" in field:
        return "[" + ", ".join(_value(item) for item in field["prefixItems"]) + "]"
    return f"list of {_value(field.get('items', {}))}"


def _bounds(field: Schema) -> str:
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {field[word]:g}" for word, sign in words.items() if word in field]
    return f" {', '.join(bounds)}" if bounds else ""


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[-1]


def _link(name: str) -> str:
    return f"[{_title(name)}](#{_title(name).lower()})"


def _title(name: str) -> str:
    """Readers of the file know `Broker`, and not the class `BrokerSection`."""
    return name.removesuffix("Section").removesuffix("Settings")
