"""Where a medium belongs: its series, its hour, and the file of that hour; built of checked parts only."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bus_schemas.event import NAME

HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_SERIES = re.compile(rf"(?P<site>{NAME})/(?P<device>{NAME})/(?P<kind>[a-z]{{1,32}})")
_KEY = re.compile(rf"{_SERIES.pattern}/(?P<id>[A-Za-z0-9_-]{{1,128}})")
_PACK = re.compile(rf"{_SERIES.pattern}/(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})/(?P<hour>[0-9]{{2}})\.pack")


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
    """Whole hours since 1970."""
    return (moment - EPOCH) // HOUR


def hour_start(hour: int) -> datetime:
    return EPOCH + hour * HOUR


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def moment(microseconds: int) -> datetime:
    return EPOCH + microseconds * MICROSECOND


def pack_path(directory: Path, series: Series, hour: int) -> Path:
    start = hour_start(hour)
    return directory / series.site / series.device / series.kind / f"{start:%Y-%m-%d}" / f"{start:%H}.pack"


def parse_pack_path(directory: Path, path: Path) -> tuple[Series, int] | None:
    """The series and hour of a pack; `None` for a file that is none of ours."""
    found = _PACK.fullmatch(path.relative_to(directory).as_posix())
    if found is None:
        return None
    try:
        start = datetime.fromisoformat(f"{found['date']}T{found['hour']}:00:00+00:00")
    except ValueError:
        return None
    return Series(found["site"], found["device"], found["kind"]), hour_of(start)
