"""Generates a TypeScript module of the limits of what people type, so that a form of the page has none of its own."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from gateway.calls import Operation

Schema = dict[str, Any]

_OF_TEXTS = {"maxLength": "maxlength"}
_OF_BODIES = {**_OF_TEXTS, "minimum": "min", "maximum": "max", "maxItems": "most"}
"""By keyword of JSON Schema: the attribute of an input; `most` is of a list. Of a query only texts are typed."""


def typescript(operations: Sequence[Operation]) -> str:
    bodies = {one.body for one in operations if one.body is not None}
    queries = {one.parameters for one in operations}
    by_name = sorted(
        [(model.__name__, dict(_limits(model, _OF_BODIES))) for model in bodies]
        + [(model.__name__, dict(_limits(model, _OF_TEXTS))) for model in queries]
    )
    parts = ["// Generated from the operations of the API by `watchpost schema limits`. Do not edit."]
    parts += [_constant(name, limits) for name, limits in by_name if limits]
    return "\n\n".join(parts) + "\n"


def _limits(model: type[BaseModel], attributes: Mapping[str, str]) -> Iterator[tuple[str, dict[str, float]]]:
    for name, field in model.model_json_schema().get("properties", {}).items():
        plain = _plain(field)
        limits = {attribute: plain[keyword] for keyword, attribute in attributes.items() if keyword in plain}
        if limits:
            yield name, limits


def _plain(field: Schema) -> Schema:
    """Without the choice of leaving it out."""
    return next((one for one in field.get("anyOf", ()) if one.get("type") != "null"), field)


def _constant(name: str, limits: dict[str, dict[str, float]]) -> str:
    fields = (f"  {json.dumps(field)}: {json.dumps(found)}," for field, found in limits.items())
    return "\n".join([f"export const {name} = {{", *fields, "} as const;"])
