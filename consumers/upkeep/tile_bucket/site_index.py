"""The index of a site in the bucket: the states of its last 1,440 minutes, and which of their pictures are there."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from bus_schemas.condition import Condition
from consumers.site_registry import Registered
from consumers.store.cold.bucket import Bucket, NoSuchObject, TooLarge
from consumers.views.mosaics.questions import newest_minute, timeline

INDEX_VERSION: Final = 1
MOST_BYTES: Final = 4_000_000
"""Bytes of an index, or of the list of sites: more than any of ours has."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class IndexedIncident(_Model):
    """Minutes in a row with the same incidents; `first` is counted from the begin of the index."""

    first: int
    minutes: int
    condition: Condition
    types: tuple[str, ...]


class SiteIndex(_Model):
    """`revisions` has for each minute from `first` to `newest` how often it was corrected; `None` where its pictures
    are not in the bucket. Readers name the revision in the address, so that a cache may keep what it has.
    """

    version: Literal[1] = INDEX_VERSION
    site: str
    name: str
    time_zone: str
    written: datetime
    first: int
    newest: int
    classes: tuple[str, ...]
    states: str
    incidents: tuple[IndexedIncident, ...]
    revisions: tuple[int | None, ...]

    def revision(self, minute: int) -> int | None:
        at = minute - self.first
        return self.revisions[at] if 0 <= at < len(self.revisions) else None

    def says_as(self, other: Self) -> bool:
        """Whether readers learn the same from both."""
        return self.model_copy(update={"written": other.written}) == other


def folder(site: str) -> str:
    return f"heatmaps/{site}"


def index_name(site: str) -> str:
    return f"{folder(site)}/index.json"


def published(bucket: Bucket, site: str) -> SiteIndex | None:
    """The one in the bucket; `None` where there is none that can be read. Raises `OutOfReach`."""
    try:
        return SiteIndex.model_validate_json(bucket.get_small(index_name(site), MOST_BYTES))
    except (NoSuchObject, TooLarge, ValidationError):
        return None


def current(view: sqlite3.Connection, site: str, registered: Registered, now: datetime) -> SiteIndex | None:
    """By the view, as if all of its minutes were in the bucket; `None` where no minute was closed."""
    newest = newest_minute(view, site)
    found = None if newest is None else timeline(view, site)
    if newest is None or found is None:
        return None
    return SiteIndex(
        site=site,
        name=registered.site_name(site),
        time_zone=str(registered.zone(site)),
        written=now,
        first=found.first,
        newest=newest,
        classes=found.classes,
        states=found.base64,
        incidents=tuple(IndexedIncident.model_validate(run._asdict()) for run in found.spans),
        revisions=_revisions(view, site, found.first, newest),
    )


def _revisions(view: sqlite3.Connection, site: str, first: int, newest: int) -> tuple[int | None, ...]:
    query = "select minute, revision from tiles where site = ? and minute between ? and ?"
    known: dict[int, int] = dict(view.execute(query, (site, first, newest)))
    return tuple(known.get(minute) for minute in range(first, newest + 1))


def due(wanted: SiteIndex, known: SiteIndex | None) -> Sequence[int]:
    """The minutes to be put, the newest first: what is new or corrected, and what is the newest no more, because it
    may be kept by caches from now on.
    """
    minutes = range(wanted.newest, wanted.first - 1, -1)
    if known is None:
        return [minute for minute in minutes if wanted.revision(minute) is not None]
    last = None if known.newest == wanted.newest else known.newest
    return [
        minute
        for minute in minutes
        if (revision := wanted.revision(minute)) is not None and (revision != known.revision(minute) or minute == last)
    ]


def with_put(wanted: SiteIndex, known: SiteIndex | None, put: Sequence[int], due_before: Sequence[int]) -> SiteIndex:
    """The index once these minutes were put: of those still due, the bucket may hold the pictures of a day before."""
    missing = set(due_before) - set(put)
    return wanted.model_copy(
        update={
            "revisions": tuple(
                (known.revision(minute) if known is not None else None) if minute in missing else revision
                for minute, revision in enumerate(wanted.revisions, wanted.first)
            )
        }
    )
