"""Generates JSON Schema of the event types from their models."""

from typing import Any, Literal

from pydantic.json_schema import models_json_schema

from bus_schemas.catalogue import EVENT_MODELS, MODELS
from bus_schemas.event import Event

Document = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schemas() -> dict[str, Document]:
    """By event type, what a message of it has to look like. Unknown keys are ignored, and may be new ones."""
    return {
        name: {"$schema": _DIALECT, "$id": f"urn:watchpost:{name}", **_with_type(_published(model))}
        for name, model in sorted(MODELS.items())
    }


def _published(model: type[Event]) -> Document:
    return _by_title(_hoisted(model.model_json_schema()))


def _by_title(schema: Document) -> Document:
    """With its parts under their titles: an old version keeps the names that it was published with."""
    titles = {name: part.get("title", name) for name, part in schema.get("$defs", {}).items()}

    def renamed(part: Any) -> Any:
        if isinstance(part, list):
            return [renamed(member) for member in part]
        if not isinstance(part, dict):
            return part
        found = {key: renamed(value) for key, value in part.items()}
        if "$ref" in found:
            found["$ref"] = f"#/$defs/{titles[found['$ref'].rpartition('/')[2]]}"
        return found

    if "$defs" in schema:
        schema = {**schema, "$defs": {titles[name]: part for name, part in schema["$defs"].items()}}
    return {name: renamed(part) for name, part in schema.items()}


def _with_type(schema: Document) -> Document:
    """The model knows its own type; a message has to say it."""
    return {**schema, "required": sorted({*schema["required"], "type"})}


def definitions(mode: Literal["validation", "serialization"], template: str) -> Document:
    """The schemas of all models in one namespace; `template` is how they refer to each other."""
    _, found = models_json_schema([(model, mode) for model in EVENT_MODELS], ref_template=template)
    events = {model.__name__ for model in EVENT_MODELS}
    return {name: _with_type(schema) if name in events else schema for name, schema in _hoisted(found)["$defs"].items()}


def _hoisted(part: Any) -> Any:
    """Limits in words stand at the property: lists of alternatives stay as they were published."""
    if isinstance(part, list):
        return [_hoisted(member) for member in part]
    if not isinstance(part, dict):
        return part
    found = {key: _hoisted(value) for key, value in part.items()}
    for key in ("anyOf", "prefixItems"):
        descriptions = [one.pop("description") for one in found.get(key, ()) if "description" in one]
        if descriptions:
            found.setdefault("description", descriptions[0])
    return found
