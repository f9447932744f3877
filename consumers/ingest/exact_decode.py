"""The third step of decoding: decodes events by their models, which say what is wrong with them."""

from collections.abc import Sequence

import msgspec
from pydantic_core import from_json

from bus_schemas.codec import Malformed, decode, to_bytes
from bus_schemas.event import Event

JSON = "application/json"
NOT_STRICT = "not JSON: it has NaN or Infinity for a number"


def exact_decode(bodies: Sequence[bytes]) -> list[Event | Malformed]:
    """Each of these as an event, or why it is none; all at once, or one by one where they spoil each other."""
    found = decode(_list(bodies), JSON)
    if len(found) == len(bodies):
        return found
    return [decode(_list([body]), JSON)[0] for body in bodies]


def _list(bodies: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(bodies) + b"]"


def decode_text(text: bytes) -> list[Malformed]:
    """A body that is no list of events, or not for both parsers: one takes NaN for a number and the other does not.

    Nobody could read it again as what it was.
    """
    return [_not_strict(event) for event in decode(text, JSON)]


def _not_strict(event: Event | Malformed) -> Malformed:
    if isinstance(event, Malformed):
        return event
    return Malformed(to_bytes(event), NOT_STRICT, event.epoch, event.sequence)


def unreadable(body: bytes) -> str | None:
    """Values of keys that no model knows may be anything that one parser of JSON takes, and others do not."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        return f"not JSON that everybody reads: {error}" if _is_finite(body) else NOT_STRICT
    return None


def _is_finite(body: bytes) -> bool:
    try:
        from_json(body, allow_inf_nan=False)
    except ValueError:
        return False
    return True
