"""Reads the recordings of a device for an export: which segments there are, and whether their bytes are whole."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Final, Literal

from consumers.hub_config import HubConfig
from consumers.store.archive.copies import OutOfReach
from consumers.store.archive.reader import ArchiveReader
from consumers.store.cold.access import cold_reader
from consumers.views.recordings.questions import SegmentRow, segments
from consumers.views.recordings.recording_order import in_order_of_recording

READ_AHEAD: Final = 3
"""Segments that are read while another one is worked on; a segment is 64 MB at most."""
MOST_SEGMENTS: Final = 500_000
HOLE_S: Final = 0.5
TRANSPORT_STREAM: Final = "video/mp2t"

Found = Literal["intact", "missing", "damaged", "out of reach"]
"""Out of reach is what is in cold storage alone, which does not answer."""


@dataclass(frozen=True, slots=True)
class Footage:
    """The segments of a device in a range, in the order of recording."""

    site: str
    device: str
    segments: tuple[SegmentRow, ...]

    @property
    def bytes(self) -> int:
        return sum(one.size for one in self.segments)


@dataclass(frozen=True, slots=True)
class LoadedSegment:
    """`sha256` is that of the medium when it was recorded, `body` is empty where it is not intact any more."""

    row: SegmentRow
    found: Found
    sha256: str | None = None
    content_type: str = TRANSPORT_STREAM
    body: bytes = field(default=b"", repr=False)

    @property
    def without_body(self) -> "LoadedSegment":
        return replace(self, body=b"")


def footage(view: sqlite3.Connection, site: str, device: str, start: datetime, end: datetime) -> Footage:
    """`view` is that of recordings."""
    rows = in_order_of_recording(segments(view, site, device, start, end, MOST_SEGMENTS))
    return Footage(site, device, tuple(one for one in rows if one.key))


def loaded(
    hub: HubConfig,
    rows: Sequence[SegmentRow],
    done: Callable[[], None],
    received: Callable[[int], None] = lambda _: None,
) -> Iterator[LoadedSegment]:
    """In their order, a few read ahead in a thread of their own. `done` is called when one is worked off, `received` by
    that thread when bytes of one have come from cold storage.
    """
    cold = cold_reader(hub.cold, hub.data, received)
    reader = ArchiveReader(hub.data / "archive", cold)
    with ThreadPoolExecutor(1, "footage") as pool:
        following = iter(rows)
        waiting = [pool.submit(_load, reader, row) for row in islice(following, READ_AHEAD)]
        try:
            while waiting:
                found = waiting.pop(0).result()
                waiting += [pool.submit(_load, reader, row) for row in islice(following, 1)]
                yield found
                done()
        finally:
            for one in waiting:
                one.cancel()
            # In the thread that has opened it.
            pool.submit(reader.close)
            if cold is not None:
                pool.submit(cold.close)


def _load(reader: ArchiveReader, row: SegmentRow) -> LoadedSegment:
    stored = reader.find(row.key)
    try:
        body = None if stored is None else reader.read_range(stored, 0, stored.size)
    except OutOfReach:
        return LoadedSegment(row, "out of reach")
    if stored is None or body is None:
        return LoadedSegment(row, "missing")
    if sha256(body).hexdigest() != stored.sha256:
        return LoadedSegment(row, "damaged", stored.sha256)
    return LoadedSegment(row, "intact", stored.sha256, stored.content_type, body)
