"""The second step of decoding: decodes ordinary events in a tenth of the time that their models take.

It accepts a part of what the contract allows, and never more: each model is translated from the schema by which
pydantic validates. An event whose model cannot be translated exactly, or that is not accepted here, is read by its
model. An event with unknown keys is not accepted here either, because nothing here would check their values.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, cast

import msgspec
from msgspec import Meta
from pydantic import TypeAdapter

from bus_schemas.catalogue import MODELS
from bus_schemas.event import Event, Moment
from bus_schemas.media import MediaEvent
from bus_schemas.node import GapEvent, StateEvent
from consumers.store.journal.envelope import Envelope, Instant
from producer.times import micros

Schema = Mapping[str, Any]

NEVER = (GapEvent, MediaEvent, StateEvent)
"""The events of which ingest reads the data."""

# Python's and pydantic's expressions mean the same by these characters; only the end of the text is written otherwise.
_PLAIN_PATTERN = re.compile(r"\^[A-Za-z0-9_/\[\]{}(),|-]*\$")
_BOUNDS = ("ge", "le", "gt", "lt")
_LENGTHS = ("min_length", "max_length")
_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_FRACTION = re.compile(r"\.[0-9]{1,6}Z")
_LENGTH_OF_SECOND = 19

_moments: TypeAdapter[Any] = TypeAdapter(Moment)
_moment_schema = _moments.core_schema


class NotExactly(ValueError):
    """This part of a schema has no type here that takes the same, or less."""


def translate(schema: Schema) -> Any:
    """A type for msgspec that takes no JSON which this schema of pydantic does not. Raises `NotExactly`."""
    kind = schema.get("type", "")
    translator = _TRANSLATORS.get(kind)
    if translator is None or schema.keys() - _KEYS[kind] - {"type", "metadata"}:
        raise NotExactly(f"{kind} with {', '.join(schema)}")
    return translator(schema)


def _text(schema: Schema) -> Any:
    limits = {name: schema[name] for name in _LENGTHS if name in schema}
    pattern = schema.get("pattern")
    if pattern is not None:
        if not isinstance(pattern, str) or not _PLAIN_PATTERN.fullmatch(pattern):
            raise NotExactly(f"pattern {pattern}")
        limits["pattern"] = pattern[:-1] + r"\Z"
    return Annotated[str, Meta(**limits)] if limits else str


def _whole(schema: Schema) -> Any:
    bounds = {name: schema[name] for name in _BOUNDS if name in schema}
    if bounds.keys().isdisjoint({"ge", "gt"}) or bounds.keys().isdisjoint({"le", "lt"}):
        raise NotExactly("a whole number without bounds, for which no store has room")
    return Annotated[int, Meta(**bounds)]


def _real(schema: Schema) -> Any:
    bounds = {name: schema[name] for name in _BOUNDS if name in schema}
    return Annotated[float, Meta(**bounds)] if bounds else float


def _literal(schema: Schema) -> Any:
    if not all(isinstance(value, str) for value in schema["expected"]):
        raise NotExactly(f"one of {schema['expected']}")
    return Literal[tuple(schema["expected"])]


def _tuple(schema: Schema) -> Any:
    members = tuple(translate(member) for member in schema["items_schema"])
    if "variadic_item_index" not in schema:
        return tuple.__class_getitem__(members)
    if len(members) != 1:
        raise NotExactly("a tuple of which only a part repeats")
    lengths = {name: schema[name] for name in _LENGTHS if name in schema}
    repeated: Any = tuple.__class_getitem__((members[0], ...))
    return Annotated[repeated, Meta(**lengths)] if lengths else repeated


def _moment(schema: Schema) -> Any:
    if {**schema, "metadata": {}} != {**_moment_schema, "metadata": {}}:
        raise NotExactly("a moment with bounds of its own")
    return Instant


def _model(schema: Schema) -> Any:
    if schema["custom_init"] or schema["root_model"] or schema["config"].keys() - {"extra_fields_behavior", "title"}:
        raise NotExactly(f"the ways of {schema['cls'].__name__}")
    fields = schema["schema"]
    if fields["type"] != "model-fields" or fields.keys() - {"type", "fields", "model_name", "computed_fields"}:
        raise NotExactly(f"what is asked of {schema['cls'].__name__} as a whole")
    return msgspec.defstruct(
        schema["cls"].__name__,
        [_field(name, field) for name, field in fields["fields"].items()],
        frozen=True,
        gc=False,
        kw_only=True,
        forbid_unknown_fields=True,
    )


def _field(name: str, field: Schema) -> tuple[str, Any] | tuple[str, Any, Any]:
    """The default of a field does not matter: nobody reads it."""
    if field.keys() - {"type", "schema", "metadata"}:
        raise NotExactly(f"{name} with {', '.join(field)}")
    schema = field["schema"]
    if schema["type"] != "default":
        return name, translate(schema)
    if schema.keys() - {"type", "schema", "default", "default_factory", "default_factory_takes_data", "metadata"}:
        raise NotExactly(f"{name} with {', '.join(schema)}")
    return name, translate(schema["schema"]), None


_TRANSLATORS: Mapping[str, Callable[[Schema], Any]] = {
    "str": _text,
    "int": _whole,
    "float": _real,
    "bool": lambda _: bool,
    "literal": _literal,
    "nullable": lambda schema: translate(schema["schema"]) | None,
    "tuple": _tuple,
    "datetime": _moment,
    "model": _model,
}
_KEYS: Mapping[str, frozenset[str]] = {
    "str": frozenset({"pattern", *_LENGTHS}),
    "int": frozenset(_BOUNDS),
    # JSON as msgspec reads it knows neither NaN nor Infinity.
    "float": frozenset({*_BOUNDS, "allow_inf_nan"}),
    "bool": frozenset(),
    "literal": frozenset({"expected"}),
    "nullable": frozenset({"schema"}),
    "tuple": frozenset({"items_schema", "variadic_item_index", *_LENGTHS}),
    "datetime": frozenset(_moment_schema),
    "model": frozenset({"cls", "config", "custom_init", "ref", "root_model", "schema"}),
}


def header_of(model: type[Event]) -> type[Envelope]:
    """The struct that reads the events of a model. Raises `NotExactly`."""
    fields = model.__pydantic_core_schema__["schema"]
    if model in NEVER or model.__pydantic_core_schema__["type"] != "model" or fields["type"] != "model-fields":
        raise NotExactly(model.__name__)
    if fields["fields"].keys() != {*Event.model_fields, "data"}:
        raise NotExactly(f"an envelope of {', '.join(fields['fields'])}")
    name, *data = _field("data", fields["fields"]["data"])
    kind = fields["fields"]["type"]["schema"]["default"]
    header = msgspec.defstruct(
        model.__name__,
        [(name, *data)],
        bases=(Envelope,),
        namespace={"type": kind},
        tag_field="type",
        tag=kind,
        frozen=True,
        gc=False,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    return cast(type[Envelope], header)


def _headers() -> dict[str, type[Envelope]]:
    found = {}
    for name, model in MODELS.items():
        try:
            found[name] = header_of(model)
        except NotExactly:
            continue
    return found


@lru_cache(maxsize=4096)
def _second(text: str) -> int:
    """Raises `ValueError`, which the errors of pydantic are, too."""
    if not _SECOND.fullmatch(text):
        raise ValueError(f"{text} is no second as it is usually written")
    return micros(_moments.validate_python(f"{text}Z"))


@lru_cache(maxsize=2048)
def _fraction(text: str) -> int:
    if text == "Z":
        return 0
    if not _FRACTION.fullmatch(text):
        raise ValueError(f"{text} is no fraction as it is usually written")
    return int(text[1:-1].ljust(6, "0"))


def _read_instant(_: type[Instant], text: Any) -> Instant:
    if not isinstance(text, str):
        raise TypeError("a moment is a text")
    return Instant(_second(text[:_LENGTH_OF_SECOND]) + _fraction(text[_LENGTH_OF_SECOND:]))


HEADERS: Mapping[str, type[Envelope]] = _headers()
_any: Any = Union[tuple(HEADERS.values())]  # noqa: UP007 - its members are known only now
_one: msgspec.json.Decoder[Envelope] = msgspec.json.Decoder(_any, dec_hook=_read_instant)
# A text may be nested deeper than the decoder goes.
_UNREAD = (msgspec.MsgspecError, ValueError, RecursionError)


def fast_decode(bodies: Sequence[bytes]) -> list[Envelope | None]:
    """Each of these events; `None` for what its model must read."""
    try:
        return list(map(_one.decode, bodies))
    except _UNREAD:
        return [_fast_decode(body) for body in bodies]


def _fast_decode(body: bytes) -> Envelope | None:
    try:
        return _one.decode(body)
    except _UNREAD:
        return None
