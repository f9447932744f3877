"""Encodes and decodes events: single, batch and gzip. `media_codec` has media.

Decoding raises nothing. An event that does not fit the contract is returned as a `Malformed` with the reason, so that
one bad event in a message costs only itself.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import FailFast, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, SchemaValidator, from_json, to_json

from bus_schemas.catalogue import MODELS, AnyEvent, why_unknown
from bus_schemas.event import MAX_EPOCH, MAX_SEQUENCE, Event
from bus_schemas.limits import without_limits

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
GZIP = "+gzip"
GZIP_FROM_BYTES = 256
MAX_UNPACKED_BYTES = 4 * 1024 * 1024
MAX_BATCH = 10_000
MAX_VALUES = 250_000
"""Objects, lists and members of one message, counted before any of them is built."""
COUNTED_FROM_BYTES = 128 * 1024
"""A shorter message cannot hold too many."""
MAX_WORDED = 100
"""Malformed events of one message of which every fault is named; of those beyond it, only the first."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS

_events: TypeAdapter[list[Event]] = TypeAdapter(Annotated[list[AnyEvent], FailFast()])  # type: ignore[arg-type]  # a union of its members
_event: TypeAdapter[Event] = TypeAdapter(AnyEvent)
# Otherwise pydantic takes the validators that the models have already, with their limits.
_stored = SchemaValidator(without_limits(_events.core_schema), _use_prebuilt=False)


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that are not an event, the reason, and the place in a stream that they would have had."""

    body: bytes
    reason: str
    epoch: str | None = None
    sequence: int | None = None


class Unpackable(ValueError):
    """The bytes are not gzip, or hold more than a message may."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A message body and the content type that says how to read it."""

    content_type: str
    body: bytes


def to_bytes(event: Event) -> bytes:
    return event.model_dump_json(exclude_none=True).encode()


def pack(bodies: Sequence[bytes], *, compress: bool = False) -> Packed:
    """Put one event, or several, into a message body; gzip where that is asked for, and smaller."""
    single = len(bodies) == 1
    content_type, body = (SINGLE, bodies[0]) if single else (BATCH, b"[" + b",".join(bodies) + b"]")
    if compress and len(body) > GZIP_FROM_BYTES:
        smaller = _gzip(body)
        if len(smaller) < len(body):
            return Packed(content_type + GZIP, smaller)
    return Packed(content_type, body)


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(level=6, wbits=_GZIP_WINDOW)
    return packer.compress(body) + packer.flush()


def unpack(payload: bytes, content_type: str | None = None, encoding: str | None = None) -> bytes:
    """Undo gzip where content type or encoding name it, or the bytes begin like it, which no JSON does.

    What comes out holds no more than can be read in a moment. Raises `Unpackable`.
    """
    if encoding not in (None, "", "identity", "gzip", "x-gzip"):
        raise Unpackable(f"content-encoding {encoding[:MAX_EPOCH]!r} is not read here; gzip is")
    packed = (content_type or "").endswith(GZIP) or encoding in ("gzip", "x-gzip") or payload.startswith(_GZIP_MAGIC)
    body = _unpacked(payload) if packed else payload
    if len(body) > COUNTED_FROM_BYTES:
        _count(body, payload)
    return body


def _count(body: bytes, payload: bytes) -> None:
    """A message that unpacks to many times its size may hold as many bytes as any other, but fewer values."""
    most = min(MAX_VALUES, 20_000 + 2 * len(payload))
    values = len(body) - len(body.translate(None, b",{["))
    if values > most:
        raise Unpackable(f"a message of {len(payload)} bytes with {values} values; at most {most} are read")


def _unpacked(payload: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        body = unpacker.decompress(payload, MAX_UNPACKED_BYTES)
    except zlib.error as error:
        raise Unpackable(f"the payload is not gzip: {error}") from error
    if unpacker.unconsumed_tail:
        raise Unpackable(f"the payload unpacks to more than {MAX_UNPACKED_BYTES} bytes")
    if not unpacker.eof:
        raise Unpackable("the gzip payload is cut off")
    if unpacker.unused_data:
        raise Unpackable(f"{len(unpacker.unused_data)} bytes follow the gzip payload")
    return body


def decode(payload: bytes, content_type: str | None = None) -> list[Event | Malformed]:
    """Read the events of a message, in their order. Old versions come as they are: see `upcasts`."""
    try:
        body = unpack(payload, content_type)
    except Unpackable as error:
        return [Malformed(payload, str(error))]
    text = body.strip()
    try:
        events = _events.validate_json(text) if text.startswith(b"[") else [_event.validate_json(text)]
    except ValidationError:
        return _one_by_one(text)
    refused = _why_not(events)
    return list(events) if refused is None else [Malformed(text, refused)]


def _why_not(items: Sequence[Any]) -> str | None:
    if not items:
        return "an empty batch"
    if len(items) > MAX_BATCH:
        return f"a batch of {len(items)} events; at most {MAX_BATCH} fit in one"
    return None


def _one_by_one(text: bytes) -> list[Event | Malformed]:
    try:
        found = from_json(text)
    except ValueError as error:
        return [Malformed(text, f"not JSON: {error}")]
    items = found if isinstance(found, list) else [found]
    refused = _why_not(items)
    if refused is not None:
        return [Malformed(text, refused)]
    read: list[Event | Malformed] = []
    bad = 0
    for item in items:
        read.append(_read(item, 5 if bad < MAX_WORDED else 1))
        bad += isinstance(read[-1], Malformed)
    return read


def _read(item: Any, most: int) -> Event | Malformed:
    """At most `most` faults of a malformed event are named."""
    try:
        return _event.validate_python(_event_json(item))
    except ValidationError as error:
        return Malformed(to_json(item), _why(item, error, most), *stream_place(item))
    except TypeError as error:
        return Malformed(to_json(item), str(error))


def _event_json(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise TypeError(f"an event is a JSON object, not {type(item).__name__}")
    return item


def stream_place(item: dict[str, Any]) -> tuple[str | None, int | None]:
    epoch, sequence = item.get("epoch"), item.get("sequence")
    if not isinstance(epoch, str) or not isinstance(sequence, int) or isinstance(sequence, bool):
        return None, None
    is_place = 1 <= len(epoch) <= MAX_EPOCH and 1 <= sequence <= MAX_SEQUENCE
    return (epoch, sequence) if is_place else (None, None)


def _why(item: dict[str, Any], error: ValidationError, most: int) -> str:
    event_type = item.get("type")
    if not isinstance(event_type, str):
        return "type: missing; an event names it as watchpost.NAME.vN"
    if event_type not in MODELS:
        return why_unknown(event_type)
    return sentences(error, most)


def sentences(error: ValidationError, most: int = 5) -> str:
    return "; ".join(_sentence(detail) for detail in error.errors(include_url=False, include_context=False)[:most])


def _sentence(detail: ErrorDetails) -> str:
    path = ".".join(str(part) for part in detail["loc"] if part not in MODELS)
    return f"{path or 'event'}: {detail['msg'].removeprefix('Value error, ')}"


def read_stored(bodies: Iterable[bytes]) -> list[Event]:
    """Read events that were accepted before, all at once, also by a release that knew fewer limits.

    Raises `ValidationError`: then our store is damaged.
    """
    found: list[Event] = _stored.validate_json(b"[" + b",".join(bodies) + b"]")
    return found


@cache
def _stored_model(model: type[Event]) -> SchemaValidator:
    return SchemaValidator(without_limits(model.__pydantic_core_schema__), _use_prebuilt=False)


def read_stored_as(model: type[Event], body: bytes) -> Event:
    """The same of one event whose model is known."""
    event: Event = _stored_model(model).validate_json(body)
    return event
