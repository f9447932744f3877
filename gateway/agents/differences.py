"""Says in which values two configurations differ."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_NAMES: Final = ("site", "device", "name")
"""The key that identifies an item of a list, where its items have one."""
_MOST_SHOWN: Final = 200


class ChangedValue(NamedTuple):
    """`before` or `after` is `None` where the value is not there; else JSON, cut where it is long."""

    path: str
    before: str | None
    after: str | None


def differences(before: str, after: str) -> list[ChangedValue]:
    """Compare two configurations, given as JSON; an empty text has no values."""
    old, new = _values(before), _values(after)
    return [
        ChangedValue(path, old.get(path), new.get(path))
        for path in dict.fromkeys([*old, *new])
        if old.get(path) != new.get(path)
    ]


def _values(text: str) -> dict[str, str]:
    try:
        return dict(_leaves(json.loads(text), "")) if text else {}
    except (ValueError, RecursionError):
        return {"configuration": _shown(text)}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each value by the names that lead to it, as `sites.YARD.devices.GATE.rates.thermal_fps`."""
    below = _items(value)
    if not below:
        yield path or "configuration", _shown(json.dumps(value, ensure_ascii=False))
    for name, one in below.items():
        yield from _leaves(one, f"{path}.{name}" if path else name)


def _items(value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return {_name(one, number): one for number, one in enumerate(value)}
    return {}


def _name(item: Mapping[str, Any], number: int) -> str:
    return next((str(item[key]) for key in _NAMES if key in item), str(number))


def _shown(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
