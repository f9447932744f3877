"""Generates a TypeScript module of the limits of bodies and queries, so that a form of the page has none of its own."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from bus_schemas.limits import MAX_COUNT
from gateway.calls import Operation

Schema = dict[str, Any]

_ATTRIBUTES = {"maxLength": "maxlength", "minimum": "min", "maximum": "max", "maxItems": "most"}
"""By keyword of JSON Schema: the attribute of an input; `most` is of a list."""


def typescript(operations: Sequence[Operation]) -> str:
    models = {model for one in operations for model in (one.body, one.parameters) if model is not None}
    by_name = sorted((model.__name__, dict(_limits(model))) for model in models)
    parts = ["// Generated from the operations of the API by `watchpost schema limits`. Do not edit."]
    parts += [_constant(name, limits) for name, limits in by_name if limits]
    return "\n\n".join(parts) + "\n"


def _limits(model: type[BaseModel]) -> Iterator[tuple[str, dict[str, float]]]:
    for name, field in model.model_json_schema().get("properties", {}).items():
        plain = _plain(field)
        stated = {attribute: plain[keyword] for keyword, attribute in _ATTRIBUTES.items() if keyword in plain}
        limits = {attribute: value for attribute, value in stated.items() if value <= MAX_COUNT}
        if limits:
            yield name, limits


def _plain(field: Schema) -> Schema:
    """Without the choice of leaving it out."""
    return next((one for one in field.get("anyOf", ()) if one.get("type") != "null"), field)


def _constant(name: str, limits: dict[str, dict[str, float]]) -> str:
    fields = (f"  {json.dumps(field)}: {json.dumps(found)}," for field, found in limits.items())
    return "\n".join([f"export const {name} = {{", *fields, "} as const;"])
