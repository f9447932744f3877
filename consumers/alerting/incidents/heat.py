"""Decides whether a device is hot: pure rules over thermal frames, without a clock."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from math import inf
from typing import Final, NamedTuple

from bus_schemas.limits import MAX_ITEMS
from bus_schemas.thermal import MaskedPixel
from consumers.alerting.incidents.detectors import RANK
from consumers.alerting.incidents.worst import WorstValue
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import RegionPart, ThermalPart

FRAME: Final = ""
"""In the place of a region's name: what is hot in the frame itself, wherever it is. No region is named so."""


class Warmth(NamedTuple):
    """The judgement of a thermal frame: how hot it is, what of it is hot, and what is not cool by a margin (names of
    regions, `FRAME`).
    """

    level: str
    hot: Set[str]
    lukewarm: Set[str]


def hottest_of(frame: ThermalPart) -> float:
    """°C. Statistics are of the filtered frame, which follows a jump with a delay; hot spots are measured before."""
    if frame.peak_temp is not None:
        return frame.peak_temp
    hottest = frame.frame_stats.max_temp
    return max(hottest, *[spot.max_temp for spot in frame.hot_spots]) if frame.hot_spots else hottest


def deciding_temp(frame: ThermalPart) -> float:
    """°C: the value that the rules look at, without spikes of one pixel where the agent filters them."""
    return hottest_of(frame) if frame.confirmed_max_temp is None else frame.confirmed_max_temp


def is_spot(frame: ThermalPart, rules: AlertRules) -> bool:
    """Whether anything is a hot spot. Where the agent of the sensor confirms them, one pixel in one frame is none:
    a second frame, which it sends at once, or a warm neighbour makes it one.
    """
    confirmed = frame.confirmed_max_temp
    if confirmed is None:
        return bool(frame.hot_spots) or hottest_of(frame) >= rules.hot_spot_c
    return confirmed >= rules.hot_spot_c or any(spot.max_temp <= confirmed for spot in frame.hot_spots)


def _certain(region: RegionPart) -> float:
    """°C: the filtered maximum is lower than a single hot pixel that lasts."""
    return region.max_temp if region.confirmed_temp is None else max(region.max_temp, region.confirmed_temp)


def judged_temp(frame: ThermalPart, rules: AlertRules) -> float:
    """°C: what the level of a frame follows from. A region is judged by its own emissivity, so it may be warmer than
    any pixel of the frame; where nothing is hot, the hottest of both counts.
    """
    rank = max((RANK[level_of(region)] for region in frame.regions), default=0)
    found = [_own_temp(region, frame) for region in frame.regions if RANK[level_of(region)] == rank]
    return max(found if rank and not is_spot(frame, rules) else [deciding_temp(frame), *found])


def _own_temp(region: RegionPart, frame: ThermalPart) -> float:
    """°C, by which a region is judged; that of the frame where it does not say."""
    own = region.peak_temp if region.confirmed_level is None else region.confirmed_temp
    return max(region.max_temp, deciding_temp(frame)) if own is None else own


def level_of(region: RegionPart) -> str:
    """A spike says nothing of a threshold, where the agent of the sensor confirms heat."""
    return region.confirmed_level or region.alert_level


def warmth(frame: ThermalPart, warnings: dict[str, float], rules: AlertRules) -> Warmth:
    """The highest level of any ROI; a hot spot outside of all of them, or a pixel over the limit, is a warning.

    `warnings` are the warning thresholds of ROIs by name, in °C, as far as they are known; an agent says them with each
    region. Cool is what lies below by the margin.
    """
    level, rank, below = "normal", -1, rules.hot_spot_hysteresis_c
    hot: set[str] = set()
    lukewarm: set[str] = set()
    for region in frame.regions:
        own = level_of(region)
        if RANK[own] > rank:
            level, rank = own, RANK[own]
        if own != "normal":
            hot.add(region.name)
        warning = warnings.get(region.name, inf) if region.thresholds is None else region.thresholds.warning
        if _certain(region) >= warning - below:
            lukewarm.add(region.name)
    is_hot_spot = is_spot(frame, rules)
    if is_hot_spot:
        hot.add(FRAME)
    if is_hot_spot or deciding_temp(frame) >= rules.hot_spot_c - below:
        lukewarm.add(FRAME)
    if level == "normal":
        level = "warning" if is_hot_spot else "none"
    return Warmth(level, hot, lukewarm)


@dataclass(slots=True)
class Heat:
    """Whether a device is hot: at once from the first hot frame, until it was cool for a while."""

    level: str = "none"
    hot: tuple[str, ...] = ()
    """What was hot since it began, as in `Warmth`: that alone has to be cool by the margin. What is always just below
    its threshold, such as a tank in the sun, keeps nothing open.
    """
    cool_since: float | None = None
    """The first cool frame behind the last warm one."""
    worst: WorstValue = field(default_factory=WorstValue)
    masked: tuple[tuple[int, int], ...] = ()
    """Pixels (x, y) that were hot when the analysis began to take them for broken: nobody knows whether the heat is
    over, until they are measured again or somebody declares that they are broken.
    """

    def add(self, at: float, now: Warmth, rules: AlertRules) -> str | None:
        """Take in a frame. Returns the level where it rose, `none` where the heat is over, else nothing."""
        if now.hot:
            self.hot = tuple(islice(dict.fromkeys((*sorted(now.hot), *self.hot)), MAX_ITEMS))
        if RANK[now.level] > RANK[self.level]:
            self.level, self.cool_since = now.level, None
            return now.level
        if now.level != "none" or self.masked or not now.lukewarm.isdisjoint(self.hot):
            self.cool_since = None
        elif self.cool_since is None or at < self.cool_since:
            self.cool_since = at
        if self.level != "none" and self.cool_since is not None and at - self.cool_since >= rules.hot_spot_clear_s:
            self.level, self.hot = "none", ()
            return "none"
        return None

    def is_measured(self, frame: ThermalPart) -> bool:
        """Whether anything that was hot is still looked at: somebody may have taken away the region."""
        names = {region.name for region in frame.regions}
        return not self.hot or any(one == FRAME or one in names for one in self.hot)

    def hold(self, masked: Sequence[MaskedPixel], rules: AlertRules) -> bool:
        """Take in which pixels are masked. Returns whether one that was hot is among them that was not before."""
        before, found = self.masked, (pixel for pixel in masked if pixel.fault not in ("listed", "declared"))
        hot = [pixel for pixel in found if _was_hot(pixel, rules)]
        self.masked = tuple(pixel.pixel for pixel in hot if self.level != "none" or pixel.pixel in before)
        return any(pixel not in before for pixel in self.masked)


def _was_hot(pixel: MaskedPixel, rules: AlertRules) -> bool:
    return pixel.alert_level != "normal" or (pixel.temp is not None and pixel.temp >= rules.hot_spot_c)
