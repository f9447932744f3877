"""Limits of values in events: every number finite and bounded, every text, list and free object of a bounded size.

A limit is checked where an event is made and where one arrives. The published JSON Schema of a released version keeps
its keywords and states its limits in words, and `without_limits` reads what an older release accepted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_LIMITS = "watchpost_limits"
"""In the metadata of a core schema: which of its keys are limits."""

MAX_COUNT = 2**53 - 1
"""The largest whole number that every reader of JSON has exactly."""
LONGEST_S = 366 * 86_400
MAX_TEXT = 4000
MAX_ITEMS = 1000
MAX_DEVICES = 64
"""Devices that one note, hold or export names."""

SHA256 = r"^[0-9a-f]{64}$"
SNAKE_CASE = r"^[a-z][a-z0-9_]{0,63}$"
"""Types of incidents and alerts, and names of rules."""

MAX_DEPTH = 12
MAX_MEMBERS = 10_000
MAX_KEY = 128


@dataclass(frozen=True, slots=True)
class Limit:
    """Bounds of a number, a length or a form. `words` is for people where the keywords do not say it well."""

    ge: float | None = None
    le: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    words: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: dict[str, Any] = {**handler(source)}
        added = {name: value for name, value in self._keywords().items() if name not in schema}
        if schema["type"] == "float":
            added["allow_inf_nan"] = False
        hidden = [*schema.get("metadata", {}).get(_LIMITS, ()), *added]
        metadata = {**schema.get("metadata", {}), _LIMITS: hidden}
        return {**schema, **added, "metadata": metadata}

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        words = self.words or self._sentence("characters" if schema["type"] == "str" else "items")
        return handler(_stripped(schema)) | ({"description": words} if words else {})

    def _keywords(self) -> dict[str, Any]:
        names = ("ge", "le", "min_length", "max_length", "pattern")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def _sentence(self, unit: str) -> str:
        if self.le is not None:
            return f"At most {self.le:,}." if self.ge is None else f"From {self.ge:,} to {self.le:,}."
        if self.max_length is not None:
            return f"At most {self.max_length:,} {unit}."
        return ""


@dataclass(frozen=True, slots=True)
class FreeForm:
    """An object with keys of its author's choice: bounded in depth, members, texts and numbers."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = core_schema.no_info_after_validator_function(check_free_form, handler(source))
        schema["metadata"] = {_LIMITS: ["function"]}
        return schema

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        words = f"At most {MAX_MEMBERS:,} members, {MAX_DEPTH} levels, texts of {MAX_TEXT:,}; numbers within 2^53."
        return {**handler(_stripped(schema)), "description": words}


def check_free_form(value: dict[str, Any]) -> dict[str, Any]:
    """Raises `ValueError` with a sentence that says where the first too large part is."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    seen = 0
    while waiting:
        path, part, depth = waiting.pop()
        seen += 1
        if seen > MAX_MEMBERS:
            raise ValueError(f"more than {MAX_MEMBERS:,} members")
        if depth > MAX_DEPTH:
            raise ValueError(f"{path[:MAX_KEY]} is nested more than {MAX_DEPTH} levels deep")
        complaint = _complaint(part)
        if complaint is not None:
            raise ValueError(f"{path[:MAX_KEY] or 'the object'} {complaint}")
        waiting += [(f"{path}.{key}" if path else str(key), member, depth + 1) for key, member in _members(part)]
    return value


def _members(part: Any) -> list[tuple[Any, Any]]:
    if isinstance(part, Mapping):
        return list(part.items())
    return list(enumerate(part)) if isinstance(part, list | tuple) else []


def _complaint(part: Any) -> str | None:
    """Most parts are texts and numbers, which are asked for first."""
    if isinstance(part, str):
        return None if len(part) <= MAX_TEXT else f"is a text of {len(part):,}; at most {MAX_TEXT:,} are kept"
    if isinstance(part, int | float):
        is_fitting = isfinite(part) and -MAX_COUNT <= part <= MAX_COUNT
        return None if is_fitting else "is a number that is not finite, or beyond 2^53"
    if isinstance(part, Mapping) and any(not isinstance(key, str) or len(key) > MAX_KEY for key in part):
        return f"has a key of more than {MAX_KEY} characters"
    return None


def without_limits(schema: Any) -> Any:
    """A core schema that takes what an earlier release took: the same models, and no limit."""
    if isinstance(schema, Mapping):
        bare = _stripped(schema) if "type" in schema else schema
        return {name: part if name in _OPAQUE else without_limits(part) for name, part in bare.items()}
    return [without_limits(part) for part in schema] if isinstance(schema, list) else schema


_OPAQUE = frozenset({"metadata", "cls", "default", "expected", "config"})


def _stripped(schema: Any) -> Any:
    hidden = schema.get("metadata", {}).get(_LIMITS, ())
    if "function" in hidden:
        return schema["schema"]
    return {name: value for name, value in schema.items() if name not in hidden}


Finite = Limit()
Count = Annotated[int, Field(ge=0), Limit(le=MAX_COUNT)]
Pixels = Annotated[int, Limit(ge=0, le=65_535)]
Bytes = Annotated[int, Limit(ge=0, le=MAX_COUNT)]
Rate = Annotated[float, Limit(ge=0, le=1000)]
"""Pictures a second."""
Uptime = Limit(le=100 * 366 * 86_400)
"""Seconds; longer than any machine runs."""
Duration = Annotated[float, Field(ge=0), Limit(le=LONGEST_S)]
"""Seconds that something went on."""

Id = Annotated[str, Limit(min_length=1, max_length=128)]
PlainId = Annotated[str, Limit(pattern=r"^[A-Za-z0-9_-]{1,128}$", words="Letters, digits, `_` and `-`, at most 128.")]
"""The id of something that people ask the gateway for: it stands in addresses and in names of files."""
ADDRESS_ID = r"^[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,127}$"
AddressId = Annotated[str, Limit(pattern=ADDRESS_ID, words="Letters, digits, `_`, `.`, `:` and `-`, at most 128.")]
"""An id that stands in addresses of the gateway, and in no name of a file."""
AddressedEventId = Annotated[str, Field(min_length=1, max_length=128), Limit(pattern=ADDRESS_ID)]
"""The id of an event that is looked up by it."""
REQUEST_ID = r"^[^\x00-\x1f\x7f]*$"
RequestId = Annotated[str, Limit(min_length=1, max_length=128, pattern=REQUEST_ID, words="At most 128 characters.")]
"""Any program may ask a device for something, with an id as it likes, as long as it fits into an address."""
CommandName = Annotated[str, Limit(pattern=r"^[a-z_]{1,32}$", words="Small letters and `_`, at most 32.")]
"""The topic and the address of a command end with it."""
Word = Annotated[str, Limit(min_length=1, max_length=64)]
By = Annotated[str, Limit(min_length=1, max_length=256)]
Text = Annotated[str, Limit(max_length=MAX_TEXT)]
FreeObject = Annotated[dict[str, Any], FreeForm()]
Items = Limit(max_length=MAX_ITEMS)


def clip(text: str, length: int = MAX_TEXT) -> str:
    """A text that others wrote, such as an error, as much of it as an event holds."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
