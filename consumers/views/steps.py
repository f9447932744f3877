"""Divides time into steps that people read as such: hours and days begin by the clock of a place."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from producer.times import MINUTE, day_bounds

DAY_S: Final = 86_400
HOUR_S: Final = 3600
UTC: Final = ZoneInfo("UTC")


def step_start(time: str, step_s: int, start: datetime, end: datetime, zone: ZoneInfo = UTC) -> str:
    """The SQL of the start of the step in which a time is, in seconds since 1970; `time` is the SQL of that.

    Steps of whole hours begin by the clock of the zone, those of a day at its midnights, also where a day has 23 or 25
    hours. Others begin with UTC: a minute is the same everywhere.
    """
    if step_s % HOUR_S:
        return f"{time} / {step_s} * {step_s}"
    *changed, (_, last) = _parts(time, step_s, start, end, zone)
    cases = " ".join(f"when {time} < {until} then {begin}" for until, begin in changed)
    return f"case {cases} else {last} end" if cases else last


def _parts(time: str, step_s: int, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    """Until when the steps begin as the SQL says, in the order of time; the last part has no end."""
    offset = _offset(start, zone)
    for day, after in _days_of_change(start, end, zone):
        change = int((day if step_s == DAY_S else _change(day, after, zone)).timestamp())
        yield change, _regular(time, step_s, offset)
        if step_s == DAY_S:
            yield int(after.timestamp()), str(change)
        offset = _offset(after, zone)
    yield 0, _regular(time, step_s, offset)


def _regular(time: str, step_s: int, offset: int) -> str:
    return f"({time} + {offset}) / {step_s} * {step_s} - {offset}" if offset else f"{time} / {step_s} * {step_s}"


def _days_of_change(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """From midnight to midnight, days on which the clocks are set, or that begin later for it."""
    day = start.astimezone(zone).date()
    while True:
        begin, after = day_bounds(day, zone)
        if begin >= end:
            return
        if _offset(begin, zone) != _offset(after, zone) or begin.astimezone(zone).hour:
            yield begin, after
        day += timedelta(days=1)


def _change(begin: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The minute from which the offset of the end of a day holds."""
    first, last = 0, (after - begin) // MINUTE
    while last - first > 1:
        middle = (first + last) // 2
        is_later = _offset(begin + middle * MINUTE, zone) == _offset(after, zone)
        first, last = (first, middle) if is_later else (middle, last)
    return begin + last * MINUTE


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
