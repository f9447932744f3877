"""Changes the golden examples of all events: other values, other types, other forms on the wire."""

import gzip
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from bus_schemas.event import iso
from tests.samples import Path as Place
from tests.samples import places

GOLDEN: Final = Path(__file__).parents[2] / "contract" / "golden"
VALUES: Final = (
    "1e400", "-1e400", "1e300", "-1e300", "9" * 30, "-1", "0", "-0.0", "1e-320", "NaN", "Infinity", "null", "true",
    "[]", "{}", '""', '" "', '"1"', '"../../etc/passwd"', '"a/b"', '"\\u0000"', '"\\ud800"',
    '"<script>alert(1)</script>"', '"=cmd|\' /C calc\'!A0"', '"a\\nlevel=error event=forged"', '"%s%n"',
    '"\\u202e\\u2066"', '"🦊"', '"_hub"', '"_gateway"', '"*"', '"#"', '"+/+"', '"' + "x" * 10_000 + '"',
    "[" * 200 + "]" * 200, '{"a":' * 100 + "1" + "}" * 100,
    '"1970-01-01T00:00:00Z"', '"9999-12-31T23:59:59.999999Z"', '"0000-00-00T00:00:00Z"', '"2026-06-30T23:59:60Z"',
    '"2026-02-30T00:00:00Z"', "2147483648", "9007199254740993", "18446744073709551616", "1.7976931348623157e308",
)  # fmt: skip
SHIFTS: Final = tuple(
    timedelta(**by)
    for by in (
        {"days": 365}, {"hours": 1}, {"minutes": 6}, {"minutes": 4}, {"seconds": 1}, {"hours": -25}, {"days": -400},
        {"days": -9000},
    )
)  # fmt: skip
"""From now; most events are of now."""
FORMS: Final = ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json")
Bytes = Callable[[random.Random, bytes], bytes]


@cache
def golden() -> tuple[tuple[str, tuple[dict[str, Any], ...]], ...]:
    """Each type with its examples of every version that was ever released."""
    files = sorted(GOLDEN.glob("*.json"))
    return tuple((file.stem, tuple(json.loads(file.read_text()))) for file in files)


def example(dice: random.Random, source: str, now: datetime) -> dict[str, Any]:
    """One of them as this device would say it now, or at another time."""
    _, examples = dice.choice(golden())
    body = dict(dice.choice(examples))
    shift = dice.choice(SHIFTS) if dice.random() < 0.2 else timedelta(0)
    body |= {"id": f"{dice.randrange(16**12):012x}", "source": source, "time": iso(now + shift)}
    if "sequence" in body:
        body |= {"epoch": f"epoch-{dice.randrange(4)}", "sequence": dice.choice((0, 1, 2, 3, 2**53, 2**63 - 1))}
    return body


def changed(dice: random.Random, body: dict[str, Any]) -> bytes:
    """With other values at up to three places; none at one time in four."""
    holes: dict[str, str] = {}
    body = json.loads(json.dumps(body))
    for number in range(dice.choice((0, 1, 1, 3))):
        place = dice.choice(list(places(body)))
        mark = f"@{number}@"
        if _put(body, place, mark):
            holes[f'"{mark}"'] = dice.choice(VALUES)
    text = json.dumps(body)
    for mark, value in holes.items():
        text = text.replace(mark, value)
    return text.encode("utf-8", "surrogatepass")


def _put(body: Any, place: Place, mark: str) -> bool:
    holder = body
    for key in place[:-1]:
        holder = holder[key]
        if not isinstance(holder, dict | list):
            return False
    holder[place[-1]] = mark
    return True


def _truncated(dice: random.Random, text: bytes) -> bytes:
    return text[: dice.randrange(len(text) + 1)]


def _flipped(dice: random.Random, text: bytes) -> bytes:
    at = dice.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << dice.randrange(8))]) + text[at + 1 :]


def _named_twice(_dice: random.Random, text: bytes) -> bytes:
    return text[:-1] + b',"id":"twice","data":[],"source":"/sites/GOOD/devices/ENTRANCE"}'


def _as_it_is(_dice: random.Random, text: bytes) -> bytes:
    return text


DAMAGES: Final[tuple[Bytes, ...]] = (_as_it_is, _as_it_is, _as_it_is, _truncated, _flipped, _named_twice)


def message(dice: random.Random, source: str, now: datetime | None = None) -> tuple[str, str, bytes]:
    """The type of an event, the content type that is claimed, and the bytes of a message with one or many of them."""
    now = now or datetime.now(UTC)
    body = example(dice, source, now)
    text = dice.choice(DAMAGES)(dice, changed(dice, body))
    form = FORMS[0]
    if dice.random() < 0.2:
        form = dice.choice(FORMS)
        many = [text, *(changed(dice, example(dice, source, now)) for _ in range(dice.choice((0, 1, 5, 50))))]
        text = b"[" + b",".join([*many, *many[: dice.randrange(2)]]) + b"]"
    if dice.random() < 0.2:
        form += "+gzip"
        text = gzip.compress(text)
        text = _truncated(dice, text) if dice.random() < 0.3 else text
    return str(body["type"]), form, text
