"""The rules that a trial may change: their names as the configuration has them, units and bounds."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from consumers.hub_config import Rules


class BadRule(ValueError):
    """What was given is no rule, or no value of it; `rule` is its name as it was given."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Known:
    """A rule: `field` is its name in `Rules`, the bounds belong to it."""

    name: str
    field: str
    unit: str
    description: str
    minimum: float
    maximum: float


KNOWN: Final = (
    Known("offline_after_s", "silent_s", "s", "Without anything received from a device for so long, it is offline.",
          1, 86_400),
    Known("hot_spot_c", "hot_spot_c", "°C", "A hotter pixel is a hot spot.", -40, 1000),
    Known("hot_spot_hysteresis_c", "hot_spot_margin_c", "°C", "So much cooler, a hot spot may end.", 0, 100),
    Known("hot_spot_clear_s", "hot_spot_clear_s", "s", "So long cooler, a hot spot has ended.", 0, 86_400),
    Known("raise_share", "share", "", "Share of bad frames in the window from which a picture is bad.", 0.01, 1),
    Known("raise_window_s", "window_s", "s", "Length of that window.", 1, 3600),
    Known("clear_after_s", "clear_s", "s", "Without a bad frame for so long, a picture is good again.", 0, 86_400),
    Known("storage_low_percent", "storage_low_percent", "%", "Use of a disk from which it is low.", 0, 100),
    Known("storage_critical_percent", "storage_critical_percent", "%", "Use of a disk from which that is critical.",
          0, 100),
    Known("storage_hysteresis_percent", "storage_margin_percent", "%", "So much less used, a disk is not low any more.",
          0, 100),
    Known("cool_down_s", "cool_down_s", "s", "Between two alerts of one kind and device at least so long.", 0, 86_400),
)  # fmt: skip

_BY_NAME: Final = {known.name: known for known in KNOWN}


def values(rules: Rules) -> dict[str, float]:
    """A whole rule set by the names of its rules."""
    return {known.name: float(getattr(rules, known.field)) for known in KNOWN}


def made_of(told: Mapping[str, float]) -> Rules:
    """The rules of a rule set that was told by `values`."""
    return Rules(**{known.field: told[known.name] for known in KNOWN})


def changed(rules: Rules, wanted: Mapping[str, Any]) -> Rules:
    """The rules with these in place of theirs. Raises `BadRule`."""
    given = {_known(name).field: _value(_known(name), value) for name, value in wanted.items()}
    made = replace(rules, **given)
    if made.storage_low_percent > made.storage_critical_percent:
        raise BadRule(
            "storage_low_percent",
            f"storage_low_percent ({made.storage_low_percent:g}) must not be above"
            f" storage_critical_percent ({made.storage_critical_percent:g})",
        )
    return made


def _known(name: str) -> Known:
    known = _BY_NAME.get(name)
    if known is not None:
        return known
    close = difflib.get_close_matches(name[:64], _BY_NAME, n=1, cutoff=0.4)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(_BY_NAME)}"
    raise BadRule(name, f"there is no rule {name[:64]!r}; {hint}")


def _value(known: Known, value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not known.minimum <= value <= known.maximum:
        bounds = f"{known.minimum:g} to {known.maximum:g}{' ' + known.unit if known.unit else ''}"
        raise BadRule(known.name, f"{known.name} is a number from {bounds}, not {str(value)[:32]!r}")
    return float(value)
