"""Generates TypeScript types of the contract, for the page and for other readers in a browser."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from bus_schemas.alert import AlertLevelName, TrendFault
from bus_schemas.camera import PICTURE_FAULTS
from bus_schemas.catalogue import EVENT_MODELS, short_name, type_of
from bus_schemas.condition import ALERT_TYPES, INCIDENT_WORDS
from bus_schemas.event import NAME
from bus_schemas.json_schema import definitions
from bus_schemas.thermal import COLUMNS, ROWS
from bus_schemas.upcasts import UPCASTS

Schema = dict[str, Any]

_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript() -> str:
    """A module of interfaces as events are written: defaults are there, what is null may be absent."""
    schemas = definitions("serialization", "{model}")
    current = [model for model in EVENT_MODELS if model not in UPCASTS]
    parts = ["// Generated from bus_schemas by `watchpost schema --typescript`. Do not edit."]
    parts += [_interface(name, schema) for name, schema in sorted(schemas.items())]
    parts.append("export type AnyEvent =\n" + "\n".join(f"  | {model.__name__}" for model in current) + ";")
    by_name = sorted(f"  {short_name(type_of(model))}: {model.__name__};" for model in current)
    parts.append("/** Current events by the short name that live feeds use. */")
    parts[-1] += "\nexport interface EventsByName {\n" + "\n".join(by_name) + "\n}"
    names = ", ".join(json.dumps(short_name(type_of(model))) for model in sorted(current, key=type_of))
    parts.append(f"export const EVENT_NAMES: readonly (keyof EventsByName)[] = [{names}];")
    parts.append("/** The form of the names of sites and devices, as an input takes it. */")
    parts[-1] += f"\nexport const NAME = {json.dumps(NAME.replace('-]', chr(92) + '-]'))};"
    parts.append("/** Sensor cells of a thermal frame. */")
    parts[-1] += f"\nexport const THERMAL_FRAME = {{ columns: {COLUMNS}, rows: {ROWS} }} as const;"
    parts += _lists()
    return "\n\n".join(parts) + "\n"


def _lists() -> Iterator[str]:
    """The lists and words of the contract that the page shows."""
    yield "/** What people call each type of incident. */\n" + _const("INCIDENT_WORDS", INCIDENT_WORDS)
    words = "/** The type of the alert of an incident, where it is not that of the incident. */\n"
    yield words + _const("ALERT_TYPES", ALERT_TYPES)
    yield "/** The worst first. */\n" + _const("ALERT_LEVELS", get_args(AlertLevelName)[::-1])
    yield "/** Of several the first is the fault of a picture. */\n" + _const("PICTURE_FAULTS", PICTURE_FAULTS)
    yield "/** Conditions of a region that is below its thresholds. */\n" + _const("TREND_FAULTS", get_args(TrendFault))


def _const(name: str, value: Mapping[str, str] | Sequence[str]) -> str:
    if isinstance(value, Mapping):
        return f"export const {name}: Record<string, string> = {json.dumps(value, indent=2)};"
    return f"export const {name} = {json.dumps(value)} as const;"


def _interface(name: str, schema: Schema) -> str:
    lines = [*_comment(schema, ""), f"export interface {name} {{"]
    for key, of in schema.get("properties", {}).items():
        # Defaults are written out, what is null is left out.
        absent = "?" if {"type": "null"} in of.get("anyOf", ()) else ""
        lines += [*_comment(of, "  "), f"  {key}{absent}: {_type(of)};"]
    return "\n".join([*lines, "}"])


def _comment(schema: Schema, indent: str) -> Iterator[str]:
    text = " ".join(schema.get("description", "").split())
    if text:
        yield f"{indent}/** {text.replace('*/', '* /')} */"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"])
    for key in ("const", "enum"):
        if key in schema:
            values = schema[key] if key == "enum" else [schema[key]]
            return " | ".join(json.dumps(value) for value in values)
    if "anyOf" in schema:
        return " | ".join(_type(member) for member in schema["anyOf"])
    return _structure(schema)


def _structure(schema: Schema) -> str:
    kind = schema.get("type")
    if kind == "array":
        return _array(schema)
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>"
    return _PLAIN.get(str(kind), "unknown")


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(item) for item in schema['prefixItems'])}]"
    item = _type(schema.get("items", {}))
    return f"({item})[]" if "|" in item else f"{item}[]"
