"""Finds the pictures of an incident in the archive: its first, its last, some between, and those that decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from consumers.alerting.incidents.questions import IncidentRow
from consumers.store.archive.keys import EVIDENCE, parse_key
from consumers.store.archive.reader import ArchiveReader
from consumers.upkeep.evidence import LATE_S, SAMPLES

PICTURES_SHOWN: Final = 12
LAST: Final = timedelta(seconds=LATE_S)
PicturePart = Literal["first", "last", "sample", "decided"]


@dataclass(frozen=True, slots=True)
class IncidentPicture:
    """A picture of an incident: what it began with, what it ended with, one between, or one that decided."""

    part: PicturePart
    key: str
    time: datetime


def pictures_of(reader: ArchiveReader, row: IncidentRow, now: datetime) -> list[IncidentPicture]:
    """In the order of time. Until the samples of an incident are copied, they are taken from what is kept anyway."""
    start = datetime.fromisoformat(row["opened"])
    end = now if row["closed"] is None else datetime.fromisoformat(row["closed"])
    decided = {key: one.time for key in row["media"] if (one := reader.find(key)) is not None}
    until = max(start, end) + timedelta(seconds=1)
    names = {parse_key(key)[1] for key in decided}
    where, latest = (row["site"], row["device"]), max(start, until - LAST)
    copied = reader.between(*where, EVIDENCE, start, until, PICTURES_SHOWN)
    copied += reader.between(*where, EVIDENCE, latest, until)[-1:]
    # Those that decided are copied long before the others.
    is_copied = row["closed"] is not None and any(parse_key(one.key)[1] not in names for one in copied)
    kept = reader.between(*where, "thumbnail", start, until, 1 if is_copied else SAMPLES + 2)
    kept += reader.between(*where, "thumbnail", latest, until)[-1:] if row["closed"] is not None else []
    found = [*kept, *copied]
    shown = sorted(
        {parse_key(one.key)[1]: one for one in found if parse_key(one.key)[1] not in names}.values(),
        key=lambda one: one.time,
    )
    return labelled([(one.key, one.time) for one in shown], decided, is_over=row["closed"] is not None)


def labelled(
    shown: Sequence[tuple[str, datetime]], decided: Mapping[str, datetime], *, is_over: bool
) -> list[IncidentPicture]:
    """`shown` are the kept pictures beside those that decided, by time. None is the first that came after one that
    decided, and the last is known once the incident is over."""
    pictures = [IncidentPicture("sample", key, time) for key, time in shown]
    is_first = bool(pictures) and all(pictures[0].time <= time for time in decided.values())
    if is_first:
        pictures[0] = replace(pictures[0], part="first")
    if len(pictures) > is_first and is_over:
        pictures[-1] = replace(pictures[-1], part="last")
    pictures += [IncidentPicture("decided", key, time) for key, time in decided.items()]
    return sorted(pictures, key=lambda one: one.time)
