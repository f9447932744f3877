"""Decides when a condition begins and ends: pure rules over observations, without a clock."""

from dataclasses import dataclass, field
from math import ceil
from typing import Literal

from consumers.alerting.incidents.verdict import Turn
from consumers.alerting.rules import CLOCK_CLEAR_S, NOT_MEASURED_S, AlertRules
from consumers.engine.frame_faults import FRAME_FAULTS, Answers

RANK: dict[str, int] = {"none": 0, "normal": 0, "warning": 1, "critical": 2, "emergency": 3}


@dataclass(slots=True)
class Bad:
    """The bad frames of one second: the first of them, and how many."""

    first_at: float
    first_id: str
    count: int = 1


@dataclass(slots=True)
class FrameCondition:
    """A yes or no of the frames of the last seconds, as far as they could be judged."""

    begun: float | None = None
    """Since when frames were judged without a pause."""
    unjudged_since: float | None = None
    good_since: float | None = None
    """The first good frame behind the last bad one."""
    bads: dict[int, Bad] = field(default_factory=dict)
    """By second, in order."""
    total: int = 0
    bad: int = 0
    begin: Bad | None = None
    """The first bad frame after it was good for long enough, which may have left the window."""

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
        if bad and (condition.begin is None or self.is_clear(number, rules)):
            condition.begin = Bad(*frame)
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
        """After a while without a judgement, frames from before it do not count with those behind it."""
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
        condition.begun = condition.good_since = condition.begin = None

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

    def unjudged_since(self, number: int) -> float | None:
        """Since when nobody could judge it, where that is so long that nobody may ever again."""
        since = self.conditions[number].unjudged_since
        return since if since is not None and self.last - since >= NOT_MEASURED_S else None


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
class LimitCondition:
    """Whether a value is over its limit: since it was for a while, until it was not for as long."""

    is_over: bool = False
    other_since: float | None = None
    """Since when it says otherwise."""
    unknown_since: float | None = None

    def add(self, at: float, exceeds: bool, after_s: float) -> Turn | None:
        """Take in a value. Returns `opened` or `closed` where that changed; `other_since` is then when it began."""
        self.unknown_since = None
        if exceeds == self.is_over:
            self.other_since = None
            return None
        if self.other_since is None or at < self.other_since:
            self.other_since = at
        if at - self.other_since < after_s:
            return None
        self.is_over = exceeds
        return "opened" if exceeds else "closed"

    def add_unknown(self, at: float) -> float | None:
        """There is no value. Returns since when, where it was over and nobody may ever say that it is not."""
        if self.unknown_since is None or at < self.unknown_since:
            self.unknown_since = at
        if not self.is_over or at - self.unknown_since < NOT_MEASURED_S:
            return None
        self.is_over, self.other_since = False, None
        return self.unknown_since


@dataclass(slots=True)
class WrongClock:
    """Whether the clock of a device is wrong: until what came for a while was right."""

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
