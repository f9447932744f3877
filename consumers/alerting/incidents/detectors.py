"""Decides when a condition begins and ends: pure rules over observations, without a clock."""

from dataclasses import dataclass, field
from math import ceil, inf
from typing import Literal, NamedTuple

from consumers.alerting.rules import CLOCK_CLEAR_S, AlertRules
from consumers.engine.frame_faults import FRAME_FAULTS, Answers
from consumers.engine.partial import ThermalPart

RANK: dict[str, int] = {"none": 0, "normal": 0, "warning": 1, "critical": 2, "emergency": 3}


@dataclass(slots=True)
class Bad:
    """The bad frames of one second: the first of them, and how many."""

    first_at: float
    first_id: str
    count: int = 1


@dataclass(slots=True)
class FrameCondition:
    """A yes or no that frames have, as far as anybody could tell, in the last seconds."""

    begun: float | None = None
    """Since when frames were judged without a pause."""
    unjudged_since: float | None = None
    good_since: float | None = None
    """The first good frame behind the last bad one."""
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
        self.good_since = None
        self.bad += 1
        known = self.bads.get(int(now))
        if known is None:
            self.bads[int(now)] = Bad(at, event_id)
        else:
            known.count += 1


@dataclass(slots=True)
class FrameWindow:
    """The frames of the last seconds. Times in seconds since 1970, of events, not of a clock. One condition a fault."""

    conditions: tuple[FrameCondition, ...] = field(
        default_factory=lambda: tuple(FrameCondition() for _ in FRAME_FAULTS)
    )
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
        if True in answers or None in answers or not self._is_good():
            for number, bad in enumerate(answers):
                self._take(number, bad, (at, event_id), rules)
            return
        # Another good one among good ones, as nearly always.
        for number, condition in enumerate(self.conditions):
            counts[number] += 1
            condition.total += 1

    def _is_good(self) -> bool:
        """Whether each condition was judged, and good, until now."""
        for condition in self.conditions:
            if condition.good_since is None or condition.unjudged_since is not None or not condition.total:
                return False
        return True

    def _take(self, number: int, bad: bool | None, frame: tuple[float, str], rules: AlertRules) -> None:
        condition = self.conditions[number]
        if bad is None:
            if condition.unjudged_since is None:
                condition.unjudged_since = self.last
            return
        if condition.unjudged_since is not None:
            self._resume(number, rules)
        self.frames[int(self.last)][number] += 1
        self._judge(condition, bad, *frame)

    def _judge(self, condition: FrameCondition, bad: bool, at: float, event_id: str) -> None:
        if not condition.total:
            condition.begun = at
        condition.total += 1
        if bad:
            self.bad += 1
            condition.add_bad(self.last, at, event_id)
        elif condition.good_since is None:
            condition.good_since = at

    def _resume(self, number: int, rules: AlertRules) -> None:
        """What was not judged for a while says nothing: the frames before it do not count with those behind it."""
        condition = self.conditions[number]
        assert condition.unjudged_since is not None
        if self.last - condition.unjudged_since > rules.clear_after_s:
            self.restart(number)
        condition.unjudged_since = None

    def restart(self, number: int) -> None:
        """Forget the frames of one condition: what is over does not count for what may begin."""
        condition = self.conditions[number]
        self.bad -= condition.bad
        for counts in self.frames.values():
            counts[number] = 0
        condition.total = condition.bad = 0
        condition.bads.clear()
        condition.begun = condition.good_since = None

    def _begin(self, at: float) -> None:
        self.last, self.bad = at, 0
        self.frames.clear()
        self.conditions = tuple(FrameCondition() for _ in self.conditions)

    def _forget(self, before: int) -> None:
        frames = self.frames
        while frames and (second := next(iter(frames))) < before:
            for condition, count in zip(self.conditions, frames.pop(second), strict=True):
                condition.total -= count
            if self.bad:
                self._forget_bad(second)

    def _forget_bad(self, second: int) -> None:
        for condition in self.conditions:
            if second in condition.bads:
                gone = condition.bads.pop(second).count
                condition.bad -= gone
                self.bad -= gone

    def is_bad(self, number: int, rules: AlertRules) -> bool:
        """A whole window was seen, and enough of it was bad. Asked of a bad frame: a good one opens nothing."""
        it = self.conditions[number]
        is_whole = it.begun is not None and self.last - it.begun >= rules.raise_window_s
        return it.bad > 0 and is_whole and it.share >= rules.raise_share

    def is_clear(self, number: int, rules: AlertRules) -> bool:
        good_since = self.conditions[number].good_since
        return good_since is not None and self.last - good_since >= rules.clear_after_s


class Warmth(NamedTuple):
    """The judgement of a thermal frame: how hot it is, and whether it is cool by a margin."""

    level: str
    is_cool: bool


def hottest_of(frame: ThermalPart) -> float:
    """°C. Statistics are of the filtered frame, which follows a jump with a delay; hot spots are measured before."""
    hottest = frame.frame_stats.max_temp
    return max(hottest, *[spot.max_temp for spot in frame.hot_spots]) if frame.hot_spots else hottest


def deciding_temp(frame: ThermalPart) -> float:
    """°C: the value that the rules look at, which is no spike of one pixel where the agent tells one from the other."""
    return hottest_of(frame) if frame.confirmed_max_temp is None else frame.confirmed_max_temp


def is_spot(frame: ThermalPart, rules: AlertRules) -> bool:
    """Whether anything is a hot spot. Where the sensor's agent tells what is confirmed, one pixel in one frame is none:
    a second frame, which it tells at once, or a warm neighbour makes it one.
    """
    confirmed = frame.confirmed_max_temp
    if confirmed is None:
        return bool(frame.hot_spots) or hottest_of(frame) >= rules.hot_spot_c
    return confirmed >= rules.hot_spot_c or any(spot.max_temp <= confirmed for spot in frame.hot_spots)


def warmth(frame: ThermalPart, warnings: dict[str, float], rules: AlertRules) -> Warmth:
    """The highest level of any ROI; a hot spot outside of all of them, or a pixel over the limit, is a warning.

    `warnings` are the warning thresholds of ROIs by name, in °C, as far as they are known. Cool is what lies below
    by the margin.
    """
    level, rank, cool, below = "normal", -1, True, rules.hot_spot_hysteresis_c
    for region in frame.regions:
        own = region.confirmed_level or region.alert_level
        if RANK[own] > rank:
            level, rank = own, RANK[own]
        cool = cool and region.max_temp < warnings.get(region.name, inf) - below
    if level == "normal":
        level = "warning" if is_spot(frame, rules) else "none"
    return Warmth(level, level == "none" and cool and deciding_temp(frame) < rules.hot_spot_c - below)


@dataclass(slots=True)
class Heat:
    """Whether a device is hot: at once from the first hot frame, until it was cool for a while."""

    level: str = "none"
    cool_since: float | None = None
    """The first cool frame behind the last warm one."""

    def add(self, at: float, now: Warmth, rules: AlertRules) -> str | None:
        """Take in a frame. Returns the level where it rose, `none` where the heat is over, else nothing."""
        if RANK[now.level] > RANK[self.level]:
            self.level, self.cool_since = now.level, None
            return now.level
        if not now.is_cool:
            self.cool_since = None
        elif self.cool_since is None or at < self.cool_since:
            self.cool_since = at
        if self.level != "none" and self.cool_since is not None and at - self.cool_since >= rules.hot_spot_clear_s:
            self.level = "none"
            return "none"
        return None


@dataclass(slots=True)
class DiskCondition:
    """The level of a disk: `none`, `warning` when low, `critical`; it falls only by a margin."""

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


@dataclass(slots=True)
class WrongClock:
    """Whether the clock of a device is ahead of the hub's: until what came for a while was right."""

    is_wrong: bool = False
    right_since: float | None = None

    def add(self, received: float, is_wrong: bool) -> Literal["opened", "closed"] | None:
        if is_wrong:
            begun, self.is_wrong, self.right_since = not self.is_wrong, True, None
            return "opened" if begun else None
        if not self.is_wrong:
            return None
        if self.right_since is None or received < self.right_since:
            self.right_since = received
        if received - self.right_since < CLOCK_CLEAR_S:
            return None
        self.is_wrong = False
        return "closed"


def _room(rules: AlertRules) -> float:
    return rules.storage_low_percent - rules.storage_hysteresis_percent
