"""Commands by chance, as JSON that nobody would write: some are settings that hold, most are not."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

from bus_schemas.settings import SECTIONS

NAMES: Final = ("settings", "settings", "settings", "settings", "snapshot", "restart", "a" * 200)
NUMBERS: Final = (
    "0", "-1", "1", "7", "25", "99", "100", "500", "10000", "10001", "1e400", "-1e400", "1e300", "5e-324", "NaN",
    "Infinity", "-0", "9" * 40, "0.1", "0.95", "2.5", "1001", "273.15", "-300",
)  # fmt: skip
TEXTS: Final = (
    "", "  ", "\0", "lid", "Loading dock", "x" * 64, "x" * 65, "x" * 10_000, "a/../b", "\u202e", "7", "true",
    "🙂", "max", "legacy", "weighted_average", "\n",
)  # fmt: skip


class Raw(str):
    """A number as it stands in JSON."""


def command(chance: Random, number: int) -> tuple[str, bytes]:
    """The name of a command, and its payload."""
    name = chance.choice(NAMES)
    kind = chance.random()
    if kind < 0.03:
        return name, chance.randbytes(chance.randrange(60))
    if kind < 0.05:
        depth = chance.choice((20, 300, 5000))
        return name, b'{"request_id":"d","settings":' + b"[" * depth + b"]" * depth + b"}"
    body: dict[str, Any] = {"request_id": f"r{number}", "settings": settings(chance), "by": chance.choice(TEXTS)}
    if kind < 0.08:
        body[chance.choice(tuple(body))] = _anything(chance, 2)
    payload = written(body).encode(errors="surrogatepass")
    return name, _mutated(payload, chance) if kind > 0.95 else payload


def _mutated(payload: bytes, chance: Random) -> bytes:
    """With some bytes that are others, are gone, or stand there twice."""
    changed = bytearray(payload)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed))
        match chance.randrange(3):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at : at + chance.randint(1, 20)]
            case _:
                changed[at:at] = changed[at : at + chance.randint(1, 20)]
        if not changed:
            break
    return bytes(changed)


def settings(chance: Random) -> Any:
    """Some sections of the settings of a device, spoilt in places or not."""
    sections = {name: SECTION[name](chance) for name in chance.sample(SECTIONS, chance.randint(1, 3))}
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        _spoil(sections, chance)
    return sections


def _spoil(value: Any, chance: Random) -> None:
    """Replace, remove or add something somewhere."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = chance.choice(keys)
        inner = value[key]
        if not isinstance(inner, dict | list) or chance.random() < 0.3:
            break
        value = inner
    if isinstance(value, dict) and chance.random() < 0.3:
        value[chance.choice((*TEXTS, "name", "points", "rois"))] = _anything(chance, 1)
    elif chance.random() < 0.2:
        del value[key]
    else:
        value[key] = _anything(chance, 2)


def _anything(chance: Random, depth: int) -> Any:
    kind = chance.randrange(7 if depth else 5)
    if kind < 2:
        return Raw(chance.choice(NUMBERS))
    if kind == 2:
        return chance.choice(TEXTS)
    if kind < 5:
        return chance.choice((True, False, None))
    if kind == 5:
        return [_anything(chance, depth - 1) for _ in range(chance.randrange(5))]
    return {chance.choice(TEXTS): _anything(chance, depth - 1) for _ in range(chance.randrange(4))}


def _name(chance: Random) -> str:
    return chance.choice((*TEXTS[3:6], f"area {chance.randrange(1000)}"))


def _roi(chance: Random) -> dict[str, Any]:
    x, y = sorted(chance.sample(range(33), 2)), sorted(chance.sample(range(25), 2))
    return {
        "name": _name(chance),
        "enabled": chance.random() < 0.8,
        "coordinates": [[x[0], y[0]], [x[1], y[1]]],
        "weight": chance.choice((1e-300, 0.1, 1, 1000)),
        "emissivity": chance.uniform(0.1, 1),
        "thresholds": dict(
            zip(("warning", "critical", "emergency"), sorted(chance.sample(range(-273, 2000), 3)), strict=True)
        ),
    }


def _zone(chance: Random) -> dict[str, Any]:
    corners = chance.choice((3, 4, 12, 200))
    return {
        "name": _name(chance),
        "points": [[round(chance.random(), 3), round(chance.random(), 3)] for _ in range(corners)],
        "restricted": chance.random() < 0.5,
        "max_people": chance.choice((None, 1, 10_000)),
        "motion": chance.choice(("normal", "only", "ignored")),
    }


def _thermography(chance: Random) -> dict[str, Any]:
    return {
        "hot_spot_c": chance.uniform(-273.15, 2000),
        "composite": chance.choice(("weighted_average", "max", "average", "none")),
        "filtered": chance.random() < 0.5,
        "ambient_c": chance.choice((None, -90, 35, 90)),
        "reflected_c": chance.uniform(-90, 500),
        "emissivity_formula": chance.choice(("radiation", "legacy")),
        "hot_spot_connectivity": chance.choice(("4", "8")),
        "hot_spot_min_area": chance.choice((1, 768, 100_000)),
        "bad_pixel_offset_c": chance.uniform(0.5, 100),
        "broken_pixels": [[chance.randrange(640), chance.randrange(512)] for _ in range(chance.choice((0, 3, 1000)))],
        "max_bad_pixels": chance.choice((0, 16, 100_000)),
        "chessboard_c": chance.uniform(0.1, 100),
    }


def _fusion(chance: Random) -> dict[str, Any]:
    points = [[round(chance.random(), 3), round(chance.random(), 3)] for _ in range(chance.choice((3, 4, 12)))]
    alignments: tuple[dict[str, Any] | None, ...] = (
        None,
        {"by": "points", "visual": points, "thermal": points},
        {"by": "points", "visual": points, "thermal": [[0.5, 0.5]] * len(points)},
        {"by": "fields_of_view", "thermal": [chance.uniform(1, 170), 35], "visual": [60, 170], "shift": [-1, 1]},
    )
    return {
        "alignment": chance.choice(alignments),
        "form": chance.choice(("mixed", "edges")),
        "thermal_share": chance.random(),
    }


def _recording(chance: Random) -> dict[str, Any]:
    window = {"days": chance.choice((["mon"], ["sat", "sun"])), "start": "22:00", "end": "06:00"}
    return {
        "mode": chance.choice(("continuous", "motion", "schedule", "motion_in_schedule", "off")),
        "schedule": [window] * chance.choice((0, 1, 28)),
        "pre_roll_s": chance.uniform(0, 60),
        "post_roll_s": 10,
        "longest_s": 300,
    }


SECTION: Final[dict[str, Callable[[Random], Any]]] = {
    "rois": lambda chance: [_roi(chance) for _ in range(chance.choice((0, 1, 3, 64)))],
    "zones": lambda chance: [_zone(chance) for _ in range(chance.choice((0, 1, 3, 10)))],
    "motion": lambda chance: {"sensitivity": chance.randint(0, 100), "min_area": chance.randint(100, 10_000)},
    "picture": lambda chance: {
        "black_percentage": chance.choice((5e-324, 1, 95, 100)), "freeze_seconds": chance.choice((5e-324, 2, 3600)),
    },
    "thermography": _thermography,
    "fusion": _fusion,
    "recording": _recording,
    "event_classes": lambda chance: [
        {"name": f"class_{number}", "min_size": chance.choice((0, 5e-324, 30)), "max_turns": chance.choice((1, 100))}
        for number in range(chance.choice((0, 1, 16)))
    ],
    "snapshots": lambda chance: {
        "every_s": chance.choice((None, 10, 86_400)), "text": chance.choice(TEXTS)[:80],
        "schedule": [{"start": "22:00", "end": "06:00"}] * chance.choice((0, 1, 28)),
        "caption": chance.random() < 0.5,
    },
    "night": lambda chance: {
        "mode": chance.choice(("never", "always", "hours", "sun")), "latitude": chance.choice((None, -90, 52.5)),
        "longitude": chance.choice((None, 180, 13.4)), "sensitivity": chance.randint(0, 100),
    },
    "place": lambda chance: {"time_zone": chance.choice((None, "UTC", "America/Havana", "Asia/Kathmandu"))},
}  # fmt: skip


def written(value: Any) -> str:
    """As JSON, with the numbers that Python would not write."""
    match value:
        case Raw():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{written(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)
