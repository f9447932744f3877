"""Says what the newest frames measure of a condition of heat that is open: the value that its rule looks at."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from consumers.alerting.incidents.heat import judged_temp
from consumers.alerting.incidents.trends import TREND_FAULTS, Trends
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import ThermalPart

HEAT: Final[frozenset[str]] = frozenset({"hot_spot", *TREND_FAULTS})
"""Types of conditions of which something can be measured now."""


def newest_value(
    kind: str, frames: Sequence[tuple[float, ThermalPart]], details: Mapping[str, Any], rules: AlertRules
) -> float | None:
    """`frames` with their times (seconds since 1970), oldest first; a rise needs those of its whole window. Of several
    regions that raised it the worst counts. Nothing where that is unknown.
    """
    if not frames:
        return None
    if kind == "hot_spot":
        return round(judged_temp(frames[-1][1], rules), 2)
    raised, trends = details.get("regions"), Trends()
    measured = [trends.measure(at, frame, rules) for at, frame in frames][-1]
    found = [one for fault, excesses in measured.items() if fault == kind for one in excesses]
    values = [one.value for one in found if not isinstance(raised, list | tuple) or one.region in raised]
    return round(max(values), 2) if values else None
