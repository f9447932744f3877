"""Finds the regions that are beyond a limit of their trend, as the hub will, so that frames around that are kept."""

from collections import deque
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from bus_schemas.settings import Roi
from edge.analysis.thermal import ThermalReading
from edge.analysis.thermal_regions import RegionStatistics

RISE_OVER: Final = timedelta(seconds=60)
"""The default of the hub's rules. The hub alone decides on alerts."""
_SAMPLE_EVERY: Final = RISE_OVER / 12


class TrendLimits:
    """The limits of one sensor. Give it every reading in order."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[tuple[datetime, float]]] = {}

    def beyond(self, reading: ThermalReading, rois: tuple[Roi, ...], ambient_c: float | None) -> frozenset[str]:
        """The names of those regions."""
        limited = {roi.name: roi for roi in rois}
        ambient = reading.sensor_temp if ambient_c is None else ambient_c
        return frozenset(
            one.name
            for one in reading.regions
            if self._rises(one, limited[one.name], reading.timestamp)
            or _is_above_group(one, limited, reading.regions)
            or _is_above(one.max_temp, ambient, limited[one.name].limits.above_ambient_c)
        )

    def _rises(self, region: RegionStatistics, roi: Roi, at: datetime) -> bool:
        limit = roi.limits.rise_c_per_minute
        if limit is None:
            self._samples.pop(region.name, None)
            return False
        known = self._samples.setdefault(region.name, deque())
        while known and not at - RISE_OVER <= known[0][0] < at:
            known.popleft()
        if not known or at - known[-1][0] >= _SAMPLE_EVERY:
            known.append((at, region.max_temp))
        since, temp = known[0]
        return at - since >= RISE_OVER / 2 and (region.max_temp - temp) * (timedelta(minutes=1) / (at - since)) > limit


def _is_above_group(one: RegionStatistics, rois: dict[str, Roi], regions: tuple[RegionStatistics, ...]) -> bool:
    group, limit = rois[one.name].group, rois[one.name].limits.above_group_c
    if group is None or limit is None:
        return False
    others = [other.max_temp for other in regions if rois[other.name].group == group and other.name != one.name]
    return bool(others) and _is_above(one.max_temp, median(others), limit)


def _is_above(temp: float, other: float | None, limit: float | None) -> bool:
    return limit is not None and other is not None and temp - other > limit
