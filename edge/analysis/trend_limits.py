"""Finds the regions that are beyond a limit of their trend, as the hub will, so that frames around that are kept."""

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Final, NamedTuple

from bus_schemas.settings import Roi
from edge.analysis.thermal import ThermalReading
from edge.analysis.thermal_regions import RegionStatistics

RISE_OVER: Final = timedelta(seconds=60)
"""The default of the hub's rules. The hub alone decides on alerts."""
HYSTERESIS_C: Final = 1.0
"""The same. A region whose noise passes its limit up and down goes beyond it once."""
MOST_OF_LIMIT: Final = 0.5
"""The same: the share of a limit that the hysteresis is at most."""
_SAMPLE_EVERY: Final = RISE_OVER / 12
_MINUTE: Final = timedelta(minutes=1)


class _Measured(NamedTuple):
    """A value of a region, and the limit of that name."""

    region: str
    name: str
    value: float
    limit: float

    def is_beyond(self, *, again: bool) -> bool:
        return self.value > self.limit - (min(HYSTERESIS_C, self.limit * MOST_OF_LIMIT) if again else 0)


class TrendLimits:
    """The limits of one sensor. Give it every reading in order."""

    def __init__(self) -> None:
        self._samples: dict[str, tuple[str, deque[tuple[datetime, float]]]] = {}
        """By region, the way in which it is measured, and when it was how warm."""
        self._beyond: frozenset[tuple[str, str]] = frozenset()

    def beyond(
        self, reading: ThermalReading, rois: tuple[Roi, ...], ambient_c: float | None, revisions: Mapping[str, str]
    ) -> frozenset[str]:
        """The names of those regions. One that is measured in another way (`revisions`) did not rise by what that
        differs.
        """
        limited = {roi.name: roi for roi in rois}
        ambient = reading.sensor_temp if ambient_c is None else ambient_c
        self._beyond = frozenset(
            (one.region, one.name)
            for region in reading.regions
            for one in (
                *self._rise(region, limited[region.name], reading.timestamp, revisions[region.name]),
                *_above_group(region, limited, reading.regions),
                *_above_ambient(region, limited[region.name], ambient),
            )
            if one.is_beyond(again=(one.region, one.name) in self._beyond)
        )
        return frozenset(region for region, _ in self._beyond)

    def _rise(self, region: RegionStatistics, roi: Roi, at: datetime, revision: str) -> Iterator[_Measured]:
        limit = roi.limits.rise_c_per_minute
        if limit is None:
            self._samples.pop(region.name, None)
            return
        known = self._known(region.name, revision)
        while known and not known[0][0] < at:
            known.popleft()
        while len(known) > 1 and at - known[0][0] > RISE_OVER and at - known[1][0] >= RISE_OVER / 2:
            known.popleft()
        if not known or at - known[-1][0] >= _SAMPLE_EVERY:
            known.append((at, region.confirmed_temp))
        since, temp = known[0]
        if at - since >= RISE_OVER / 2:
            rise = _difference(region.confirmed_temp, temp) * (_MINUTE / (at - since))
            yield _Measured(region.name, "rise", rise, limit)

    def _known(self, region: str, revision: str) -> deque[tuple[datetime, float]]:
        before, known = self._samples.get(region, (revision, deque()))
        if before != revision:
            known = deque()
        self._samples[region] = revision, known
        return known


def _above_group(
    region: RegionStatistics, rois: Mapping[str, Roi], regions: tuple[RegionStatistics, ...]
) -> Iterator[_Measured]:
    group, limit = rois[region.name].group, rois[region.name].limits.above_group_c
    if group is None or limit is None:
        return
    others = [one.confirmed_temp for one in regions if rois[one.name].group == group and one.name != region.name]
    if others:
        yield _Measured(region.name, "group", _difference(region.confirmed_temp, median(others)), limit)


def _above_ambient(region: RegionStatistics, roi: Roi, ambient: float | None) -> Iterator[_Measured]:
    limit = roi.limits.above_ambient_c
    if limit is not None and ambient is not None:
        yield _Measured(region.name, "ambient", _difference(region.confirmed_temp, ambient), limit)


def _difference(temp: float, other: float) -> float:
    """As the hub works it out: not rounded but by what arithmetic adds."""
    return round(temp - other, 6)
