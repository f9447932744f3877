"""Keys of media, and the series, interval and pack file of each; built from checked parts only."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from bus_schemas.event import NAME
from producer.times import EPOCH, HOUR, MINUTE

EVIDENCE = "evidence"
"""The kind of copies of pictures that incidents name. A picture is found there too once it is gone where it was."""
PACK_MINUTES = 5
"""The length of a new pack. It is short, so that clean-up can free the running hour."""
_OLD_PACK_MINUTES = 60
"""The length of a pack of earlier releases; existing ones are read and dropped as they are."""
LONGEST_PACK_MINUTES = max(PACK_MINUTES, _OLD_PACK_MINUTES)

_SERIES = re.compile(rf"(?P<site>{NAME})/(?P<device>{NAME})/(?P<kind>[a-z]{{1,32}})")
_KEY = re.compile(rf"{_SERIES.pattern}/(?P<id>[A-Za-z0-9_-]{{1,128}})")
_PACK = re.compile(
    rf"{_SERIES.pattern}/(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})/(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})?\.pack"
)


class NotAKey(ValueError):
    """The text is no key of a medium: those read SITE/DEVICE/KIND/ID."""


@dataclass(frozen=True, slots=True)
class Series:
    """All media of one kind of one device."""

    site: str
    device: str
    kind: str

    def __post_init__(self) -> None:
        if _SERIES.fullmatch(f"{self.site}/{self.device}/{self.kind}") is None:
            raise NotAKey(f"{self.site!r}, {self.device!r}, {self.kind!r} name no media")

    def key(self, medium: str) -> str:
        return f"{self.site}/{self.device}/{self.kind}/{medium}"


def parse_key(key: str) -> tuple[Series, str]:
    """The series of a key, and the id in it. Raises `NotAKey`."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise NotAKey(f"{key!r} is no key of a medium: those read SITE/DEVICE/KIND/ID")
    return Series(found["site"], found["device"], found["kind"]), found["id"]


def hour_of(moment: datetime) -> int:
    """In whole hours since 1970."""
    return (moment - EPOCH) // HOUR


def hour_start(hour: int) -> datetime:
    return EPOCH + hour * HOUR


class PackInterval(NamedTuple):
    """The event times that one pack holds: so many minutes from `start` on, which is in minutes since 1970."""

    start: int
    minutes: int = PACK_MINUTES

    @property
    def begin(self) -> datetime:
        return EPOCH + self.start * MINUTE

    @property
    def end(self) -> datetime:
        return EPOCH + (self.start + self.minutes) * MINUTE


def interval_of(moment: datetime) -> PackInterval:
    """The interval of the new pack which a medium of this moment belongs to."""
    minute = (moment - EPOCH) // MINUTE
    return PackInterval(minute - minute % PACK_MINUTES)


def pack_name(series: Series, interval: PackInterval) -> str:
    """The path of a pack within the archive."""
    begin = interval.begin
    name = f"{begin:%H}.pack" if interval.minutes == _OLD_PACK_MINUTES else f"{begin:%H%M}.pack"
    return f"{series.site}/{series.device}/{series.kind}/{begin:%Y-%m-%d}/{name}"


@lru_cache(maxsize=1024)
def pack_path(directory: Path, series: Series, interval: PackInterval) -> Path:
    """Cached, because building a path takes as long as the query that found the medium in it."""
    return directory / pack_name(series, interval)


def parse_pack_path(directory: Path, path: Path) -> tuple[Series, PackInterval] | None:
    """The series and interval of a pack; `None` for a file that is none of ours."""
    return parse_pack_name(path.relative_to(directory).as_posix())


def parse_pack_name(name: str) -> tuple[Series, PackInterval] | None:
    found = _PACK.fullmatch(name)
    if found is None:
        return None
    minute = found["minute"]
    try:
        begin = datetime.fromisoformat(f"{found['date']}T{found['hour']}:{minute or '00'}:00+00:00")
    except ValueError:
        return None
    interval = PackInterval((begin - EPOCH) // MINUTE, PACK_MINUTES if minute else _OLD_PACK_MINUTES)
    if interval.start % interval.minutes:
        return None
    return Series(found["site"], found["device"], found["kind"]), interval
