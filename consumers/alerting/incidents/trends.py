"""Decides on trends of regions: how fast they rise, and how far they are above their group or their surroundings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal, NamedTuple, get_args

from bus_schemas.alert import TrendFault
from consumers.alerting.incidents.worst import WorstValue
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import RegionPart, ThermalPart

TREND_FAULTS: Final[tuple[TrendFault, ...]] = get_args(TrendFault)
Change = Literal["begun", "worse", "over"]
_SAMPLES: Final = 12
"""Readings of a window: a rise is measured against the oldest of them."""
_MOST_OF_LIMIT: Final = 0.5
"""The share of a limit that its hysteresis is at most: else a region that is as it always was might never be below."""


class Excess(NamedTuple):
    """What was measured of a region, and its limit."""

    region: str
    value: float
    limit: float


class TrendChange(NamedTuple):
    """A condition begins, or another region joins it, or it is worse than was said, or it is over; `since` in seconds
    since 1970.
    """

    fault: TrendFault
    change: Change
    since: float
    excesses: Sequence[Excess]
    worst: WorstValue
    is_measured: bool = True
    """Whether at its end anything is measured of the regions that raised it."""


@dataclass(slots=True)
class TrendCondition:
    """Times in seconds since 1970. Each region has its own duration and its own margin: one that is always just below
    its limit neither raises it nor keeps it open.
    """

    beyond_since: dict[str, float] = field(default_factory=dict)
    """By region, of those that are beyond their limits now."""
    below_since: float | None = None
    regions: tuple[str, ...] = ()
    """Those that raised it, while it holds."""
    worst: WorstValue = field(default_factory=WorstValue)

    @property
    def is_nothing(self) -> bool:
        return not self.regions and not self.beyond_since

    def add(self, at: float, found: Sequence[Excess], rules: AlertRules) -> Change | None:
        beyond = [one for one in found if one.value > one.limit]
        self.beyond_since = {one.region: min(at, self.beyond_since.get(one.region, at)) for one in beyond}
        joining = [one for one in beyond if self._joins(one.region, at, rules)]
        if joining:
            return self._begin(at, joining, beyond)
        if self._is_kept_open(found, rules):
            self.below_since = None
            return self._worsen(at, beyond)
        return self._clear(at, rules)

    def _joins(self, region: str, at: float, rules: AlertRules) -> bool:
        return region not in self.regions and at - self.beyond_since[region] >= rules.trend_after_s

    def _begin(self, at: float, joining: Sequence[Excess], beyond: Sequence[Excess]) -> Literal["begun"]:
        self.below_since = None
        names = (*self.regions, *(one.region for one in joining))
        most = max(one.value for one in beyond if one.region in names)
        if self.regions:
            self.worst.add(at, most)
        else:
            self.worst.begin(at, most)
        self.regions = names
        return "begun"

    def _is_kept_open(self, found: Sequence[Excess], rules: AlertRules) -> bool:
        return any(
            one.region in self.regions
            and one.value > one.limit - min(rules.trend_hysteresis_c, one.limit * _MOST_OF_LIMIT)
            for one in found
        )

    def _worsen(self, at: float, beyond: Sequence[Excess]) -> Literal["worse"] | None:
        values = [one.value for one in beyond if one.region in self.regions]
        return "worse" if values and self.worst.add(at, max(values)) else None

    def _clear(self, at: float, rules: AlertRules) -> Literal["over"] | None:
        if not self.regions:
            return None
        if self.below_since is None or at < self.below_since:
            self.below_since = at
        if at - self.below_since < rules.trend_clear_s:
            return None
        self.regions = ()
        return "over"


@dataclass(slots=True)
class RegionSamples:
    """When a region was how warm, oldest first, as far as it was measured in one way."""

    revision: str | None
    temps: list[tuple[float, float]] = field(default_factory=list)

    def rise(self, at: float, temp: float, window_s: float) -> float | None:
        """°C per minute, where it is known: since the oldest reading of the window; where readings are farther apart,
        since the one before. Takes in the reading.
        """
        known = self.temps
        if known and at <= known[-1][0]:
            if known[-1][0] - at <= window_s:
                return None
            # Not late: its clock was set back.
            known.clear()
        while len(known) > 1 and at - known[0][0] > window_s and at - known[1][0] >= window_s / 2:
            known.pop(0)
        found = None
        if known and at - known[0][0] >= window_s / 2:
            found = _difference(temp, known[0][1]) * 60 / (at - known[0][0])
        if not known or at - known[-1][0] >= window_s / _SAMPLES:
            known.append((at, temp))
        return found


@dataclass(slots=True)
class Trends:
    """The trends of the regions of one device."""

    conditions: dict[TrendFault, TrendCondition] = field(default_factory=dict)
    samples: dict[str, RegionSamples] = field(default_factory=dict)
    """By region, those of the window of a rise."""

    def add(self, at: float, frame: ThermalPart, rules: AlertRules) -> Iterator[TrendChange]:
        """Take in a frame, in the order in which they were taken."""
        for fault, found in self.measure(at, frame, rules).items():
            yield from self._judge(fault, at, found, frame, rules)

    def measure(self, at: float, frame: ThermalPart, rules: AlertRules) -> Mapping[TrendFault, list[Excess]]:
        """The values that have a limit, by the name of their condition; a rise is measured against earlier frames."""
        limited = [region for region in frame.regions if _is_limited(region)]
        if not limited and not self.conditions:
            return {}
        return {
            "temperature_rise": [*self._rises(at, limited, rules)],
            "temperature_difference": [*_differences(limited, frame.regions)],
            "above_ambient": [*_above_ambient(limited, frame)],
        }

    def _judge(
        self, fault: TrendFault, at: float, found: Sequence[Excess], frame: ThermalPart, rules: AlertRules
    ) -> Iterator[TrendChange]:
        condition = self.conditions.get(fault)
        if condition is None:
            if not any(one.value > one.limit for one in found):
                return
            condition = self.conditions[fault] = TrendCondition()
        below, raised = condition.below_since, condition.regions
        change = condition.add(at, found, rules)
        if change == "begun":
            beyond = [one for one in found if one.region in condition.regions and one.value > one.limit]
            since = min(condition.beyond_since[one.region] for one in beyond if one.region not in raised)
            yield TrendChange(fault, "begun", since, beyond, condition.worst)
        elif change == "worse":
            yield TrendChange(fault, "worse", at, [], condition.worst)
        elif change == "over":
            ended = [one for one in found if one.region in raised]
            is_measured = bool(ended) or (fault == "temperature_rise" and _has_rise_limit(frame, raised))
            yield TrendChange(fault, "over", at if below is None else below, ended, condition.worst, is_measured)
        if condition.is_nothing:
            del self.conditions[fault]

    def _rises(self, at: float, limited: Sequence[RegionPart], rules: AlertRules) -> Iterator[Excess]:
        for region in limited:
            limit = None if region.thresholds is None else region.thresholds.rise_c_per_minute
            if limit is None:
                self.samples.pop(region.name, None)
                continue
            known = self.samples.get(region.name)
            if known is None or known.revision != region.revision:
                # What is measured in another way did not rise by what that differs.
                known = self.samples[region.name] = RegionSamples(region.revision)
            rise = known.rise(at, region.compared_temp, rules.rise_window_s)
            if rise is not None:
                yield Excess(region.name, rise, limit)


def _has_rise_limit(frame: ThermalPart, names: Sequence[str]) -> bool:
    """A rise is known only some time after the first reading of a region."""
    limits = [region.thresholds for region in frame.regions if region.name in names]
    return any(one is not None and one.rise_c_per_minute is not None for one in limits)


def _difference(temp: float, other: float) -> float:
    """Not rounded but by what arithmetic adds: a limit is neither missed nor passed by that."""
    return round(temp - other, 6)


def _is_limited(region: RegionPart) -> bool:
    limits = region.thresholds
    if limits is None:
        return False
    return (limits.rise_c_per_minute or limits.above_group_c or limits.above_ambient_c) is not None


def _differences(limited: Sequence[RegionPart], regions: Sequence[RegionPart]) -> Iterator[Excess]:
    for region in limited:
        assert region.thresholds is not None
        limit = region.thresholds.above_group_c
        if limit is None or region.group is None:
            continue
        others = [one.compared_temp for one in regions if one.group == region.group and one.name != region.name]
        if others:
            yield Excess(region.name, _difference(region.compared_temp, median(others)), limit)


def _above_ambient(limited: Sequence[RegionPart], frame: ThermalPart) -> Iterator[Excess]:
    ambient = frame.sensor_temp if frame.ambient_temp is None else frame.ambient_temp
    for region in limited:
        assert region.thresholds is not None
        limit = region.thresholds.above_ambient_c
        if limit is not None and ambient is not None:
            yield Excess(region.name, _difference(region.compared_temp, ambient), limit)
