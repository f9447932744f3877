"""When a condition begins and when it is over: pure rules over what was observed, with no clock of their own."""

from dataclasses import dataclass, field
from math import ceil, inf
from typing import Literal, NamedTuple

from bus_schemas.alert import IncidentType
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import Measured

Level = Literal["none", "warning", "critical", "emergency"]
RANK: dict[str, int] = {"none": 0, "normal": 0, "warning": 1, "critical": 2, "emergency": 3}


FRAME_CONDITIONS: tuple[IncidentType, ...] = ("blackscreen", "freeze", "audio_loss")


@dataclass(slots=True)
class Bad:
    """The bad frames of one second: the first of them, and how many."""

    first_at: float
    first_id: str
    count: int = 1


@dataclass(slots=True)
class Condition:
    """A yes or no that frames have, as far as anybody could tell, in the last seconds."""

    begun: float | None = None
    """Since when there was no window without a frame."""
    last_bad: float | None = None
    bads: dict[int, Bad] = field(default_factory=dict)
    """By second, in order."""
    total: int = 0
    bad: int = 0

    @property
    def share(self) -> float:
        return self.bad / self.total

    @property
    def first_bad(self) -> Bad:
        """The first bad frame in the window; ask only where there is one."""
        return next(iter(self.bads.values()))

    def add_bad(self, now: float, at: float, event_id: str) -> None:
        self.last_bad = now
        self.bad += 1
        known = self.bads.get(int(now))
        if known is None:
            self.bads[int(now)] = Bad(at, event_id)
        else:
            known.count += 1


Answers = tuple[bool | None, ...]
"""Whether a frame is bad, one for each condition of a window; `None` where nobody could tell."""


@dataclass(slots=True)
class Window:
    """The frames of the last seconds. Times in seconds since 1970, of events, not of a clock."""

    conditions: tuple[Condition, ...] = field(default_factory=lambda: tuple(Condition() for _ in FRAME_CONDITIONS))
    last: float = 0.0
    frames: dict[int, list[int]] = field(default_factory=dict)
    """How many frames each second had for each condition, by second, in order."""
    bad: int = 0
    """The bad ones of all conditions."""

    def add(self, at: float, answers: Answers, event_id: str, rules: AlertRules) -> None:
        """Take in a frame. Where frames were missing for a window, or a clock jumped back, begin again."""
        width = rules.raise_window_s
        if not -width <= at - self.last <= width:
            self._begin(at)
        elif at > self.last:
            self.last = at
        second = int(self.last)
        counts = self.frames.get(second)
        if counts is None:
            self._forget(second - ceil(width))
            counts = self.frames[second] = [0] * len(answers)
        for number, bad in enumerate(answers):
            if bad is not None:
                counts[number] += 1
                condition = self.conditions[number]
                if not condition.total:
                    condition.begun, condition.last_bad = at, None
                condition.total += 1
                if bad:
                    self.bad += 1
                    condition.add_bad(self.last, at, event_id)

    def _begin(self, at: float) -> None:
        self.last, self.bad = at, 0
        self.frames.clear()
        self.conditions = tuple(Condition() for _ in self.conditions)

    def _forget(self, before: int) -> None:
        frames = self.frames
        while frames and (second := next(iter(frames))) < before:
            for condition, count in zip(self.conditions, frames.pop(second), strict=True):
                condition.total -= count
                if second in condition.bads:
                    gone = condition.bads.pop(second).count
                    condition.bad -= gone
                    self.bad -= gone

    def is_bad(self, number: int, rules: AlertRules) -> bool:
        """A whole window was seen, and enough of it was bad: single good frames do not start the wait again."""
        it = self.conditions[number]
        is_whole = it.begun is not None and self.last - it.begun >= rules.raise_window_s
        return it.bad > 0 and is_whole and it.share >= rules.raise_share

    def is_clear(self, number: int, rules: AlertRules) -> bool:
        last_bad = self.conditions[number].last_bad
        return last_bad is None or self.last - last_bad >= rules.clear_after_s


class Warmth(NamedTuple):
    """What a thermal frame means: how hot it is, and whether it is cool by a margin."""

    level: str
    is_cool: bool


def hottest_of(frame: Measured) -> float:
    """°C. Statistics are of the filtered frame, which follows a jump with a delay; hot spots are measured before."""
    return max([frame.frame_stats.max_temp, *(spot.max_temp for spot in frame.hot_spots)])


def is_spot(frame: Measured, rules: AlertRules) -> bool:
    """Whether anything is a hot spot. Where the sensor's agent tells what is confirmed, one pixel in one frame is none:
    a second frame, which it tells at once, or a warm neighbour makes it one.
    """
    confirmed = frame.confirmed_max_temp
    if confirmed is None:
        return bool(frame.hot_spots) or hottest_of(frame) >= rules.hot_spot_c
    return confirmed >= rules.hot_spot_c or any(spot.max_temp <= confirmed for spot in frame.hot_spots)


def warmth(frame: Measured, warnings: dict[str, float], rules: AlertRules) -> Warmth:
    """The highest level of any ROI; a hot spot outside of all of them, or a pixel over the limit, is a warning.

    `warnings` are the warning thresholds of ROIs by name, in °C, as far as they are known. Cool is what lies below
    by the margin.
    """
    levels = (region.confirmed_level or region.alert_level for region in frame.regions)
    level = max(levels, key=RANK.__getitem__, default="normal")
    if level == "normal":
        level = "warning" if is_spot(frame, rules) else "none"
    below = rules.hot_spot_hysteresis_c
    cool = all(region.max_temp < warnings.get(region.name, inf) - below for region in frame.regions)
    hottest = hottest_of(frame) if frame.confirmed_max_temp is None else frame.confirmed_max_temp
    return Warmth(level, level == "none" and cool and hottest < rules.hot_spot_c - below)


@dataclass(slots=True)
class Heat:
    """Whether a device is hot: at once from the first hot frame, until it was cool for a while."""

    level: str = "none"
    last_warm: float | None = None

    def add(self, at: float, now: Warmth, rules: AlertRules) -> str | None:
        """Take in a frame. Returns the level where it rose, `none` where the heat is over, else nothing."""
        if RANK[now.level] > RANK[self.level]:
            self.level, self.last_warm = now.level, at
            return now.level
        if not now.is_cool or self.last_warm is None or at < self.last_warm:
            self.last_warm = at
        if self.level != "none" and at - self.last_warm >= rules.hot_spot_clear_s:
            self.level, self.last_warm = "none", None
            return "none"
        return None


@dataclass(slots=True)
class Disk:
    """How full a disk is: `none`, `warning` when low, `critical`; it falls only by a margin."""

    level: str = "none"

    def add(self, percent: float, rules: AlertRules) -> str | None:
        """Returns the level where it changed for the worse, `none` where there is room again, else nothing."""
        if percent >= rules.storage_critical_percent:
            level = "critical"
        else:
            level = "warning" if percent >= rules.storage_low_percent else "none"
        falls = RANK[level] < RANK[self.level]
        if level == self.level or (falls and (level != "none" or percent > _room(rules))):
            return None
        self.level = level
        return level


CLOCK_CLEAR_S = 30.0


@dataclass(slots=True)
class WrongClock:
    """Whether the clock of a device is ahead of the hub's: until what came for a while was right."""

    last_wrong: float | None = None

    def add(self, received: float, is_wrong: bool) -> Literal["opened", "closed"] | None:
        if is_wrong:
            begun, self.last_wrong = self.last_wrong is None, received
            return "opened" if begun else None
        if self.last_wrong is None or 0 <= received - self.last_wrong < CLOCK_CLEAR_S:
            return None
        self.last_wrong = None
        return "closed"


def _room(rules: AlertRules) -> float:
    return rules.storage_low_percent - rules.storage_hysteresis_percent
