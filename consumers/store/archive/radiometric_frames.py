"""Finds the radiometric frames of a sensor: those that are kept, and of dropped ones the copies that incidents name."""

from datetime import datetime
from typing import Final

from bus_schemas.radiometric import CONTENT_TYPE, NPY_TYPE
from consumers.store.archive.keys import EVIDENCE, Series, parse_key
from consumers.store.archive.reader import ArchiveReader, StoredMedium

KIND: Final = "thermal"
FRAME_TYPES: Final = frozenset({CONTENT_TYPE, NPY_TYPE, "application/octet-stream"})


def frames_between(
    reader: ArchiveReader, site: str, device: str, start: datetime, end: datetime, limit: int | None = None
) -> list[StoredMedium]:
    """From `start` to before `end`, in order; where they are more than `limit`, a sample that is spread evenly."""
    kept = reader.between(site, device, KIND, start, end, limit)
    copies = reader.between(site, device, EVIDENCE, start, end, limit)
    names = {parse_key(one.key)[1] for one in kept}
    found = [one for one in kept if one.content_type in FRAME_TYPES]
    found += [one for one in copies if one.content_type in FRAME_TYPES and _is_the_last(reader, one, names)]
    found.sort(key=lambda one: one.time)
    if limit is None or len(found) <= limit:
        return found
    return [found[number * len(found) // limit] for number in range(limit)]


def _is_the_last(reader: ArchiveReader, copy: StoredMedium, names: set[str]) -> bool:
    """Whether it is a copy of a frame that was dropped, and not of one that a sample has left out."""
    of, name = parse_key(copy.key)
    if name in names:
        return False
    original = reader.find(Series(of.site, of.device, KIND).key(name))
    return original is None or original.key == copy.key
