"""The fields of a device's settings with their bounds, so that a form says what is possible before it is sent."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import Field

from bus_schemas.settings import AdjustableSettings
from gateway.calls import Call, Operation
from gateway.http.answers import Answer
from gateway.http.parameters import Nothing

Schema = dict[str, Any]
_SCALARS = ("integer", "number", "string", "boolean")


class SettingsField(Answer):
    path: str = Field(description="Section and field, as `motion.min_area`; of each of a list, as `rois.weight`.")
    description: str | None
    minimum: float | None = None
    above: float | None = Field(default=None, description="A bound that is not itself possible.")
    maximum: float | None = None
    longest: int | None = Field(default=None, description="Of a text, how many characters.")
    unit: str | None = None
    choices: list[str] | None = None
    default: bool | float | str | None = None


class SettingsFields(Answer):
    fields: list[SettingsField]


async def read_fields(_: Call[Nothing]) -> SettingsFields:
    """The settings of a device, with bounds, units and defaults."""
    return SettingsFields(fields=list(fields()))


@cache
def fields() -> tuple[SettingsField, ...]:
    schema = AdjustableSettings.model_json_schema()
    return tuple(_fields(schema, schema["$defs"], ""))


def _fields(schema: Schema, parts: dict[str, Schema], path: str) -> Iterator[SettingsField]:
    for name, given in schema.get("properties", {}).items():
        where = f"{path}.{name}" if path else name
        plain = _of_pair(_plain(given, parts), parts)
        inner = _plain(plain["items"], parts) if "items" in plain else plain
        if "oneOf" in plain:
            for form in plain["oneOf"]:
                yield from _fields(_plain(form, parts), parts, where)
        elif "properties" in inner:
            yield from _fields(inner, parts, where)
        elif plain.get("type") in _SCALARS and "const" not in plain:
            yield _field(where, given, plain)


def _of_pair(plain: Schema, parts: dict[str, Schema]) -> Schema:
    """The first of a pair of numbers: both have the same bounds."""
    first = _plain(plain["prefixItems"][0], parts) if "prefixItems" in plain else plain
    return first if first.get("type") in _SCALARS else plain


def _plain(given: Schema, parts: dict[str, Schema]) -> Schema:
    """Without the reference, and without the choice of leaving it out."""
    options = [one for one in given.get("anyOf", ()) if one.get("type") != "null"]
    found = options[0] if options else given
    return parts[found["$ref"].rpartition("/")[2]] if "$ref" in found else found


def _field(path: str, given: Schema, plain: Schema) -> SettingsField:
    default = given.get("default")
    return SettingsField(
        path=path,
        description=given.get("description"),
        minimum=plain.get("minimum"),
        above=plain.get("exclusiveMinimum"),
        maximum=plain.get("maximum"),
        longest=plain.get("maxLength"),
        unit=plain.get("unit"),
        choices=plain.get("enum"),
        default=default if isinstance(default, bool | int | float | str) else None,
    )


OPERATIONS = [Operation("GET", "/api/v1/settings", read_fields, SettingsFields)]
