"""Deletes the tiles of past minutes that have become too old: whole days of UTC of a site, each with its event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from bus_schemas.alert import Retention, RetentionEvent
from bus_schemas.event import HUB, device_source
from consumers.views.mosaics.past_tiles import DAY_MINUTES, PastFile, PastTiles

KIND = "tile"
_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:past_tiles")


@dataclass(frozen=True, slots=True)
class ExpiredTiles:
    """The files of a day of a site, and the event that says that they are gone: the same one if asked twice."""

    files: Sequence[PastFile]
    event: RetentionEvent


class PastTileRetention:
    """Looks when a day has begun, and at the start."""

    def __init__(self, data: Path, days: int) -> None:
        self._files = PastTiles(data / "tiles")
        self._days = days
        self._looked: int | None = None

    def expired(self, now: datetime) -> list[ExpiredTiles]:
        """The tiles that are older than their retention, day by day."""
        day = int(now.timestamp() // 86_400)
        if day == self._looked:
            return []
        self._looked = day
        old = self._files.older_than((day - self._days) * DAY_MINUTES)
        return [
            self._of_day(site, datetime.fromtimestamp(number * 86_400, UTC), list(files), now)
            for (site, number), files in groupby(old, lambda one: (one.site, one.minute // DAY_MINUTES))
        ]

    def delete(self, name: str) -> None:
        """Also once more, after a crash."""
        self._files.remove(name)

    def _of_day(self, site: str, start: datetime, files: Sequence[PastFile], now: datetime) -> ExpiredTiles:
        event = RetentionEvent(
            id=str(uuid5(_NAMESPACE, f"{site}/{start.isoformat()}/{len(files)}")),
            source=device_source(site, HUB),
            time=now,
            data=Retention(
                rule=f"older than {self._days} days (hub.mosaic.past_days)",
                kind=KIND,
                site=site,
                start=start,
                end=start + timedelta(days=1),
                count=len(files),
                bytes=sum(one.path.stat().st_size for one in files),
            ),
        )
        return ExpiredTiles(files, event)
