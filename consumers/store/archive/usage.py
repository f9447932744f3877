"""Sums up what each series of media takes on the disk and in cold storage, from totals in the index."""

import os
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consumers.store.archive.keys import LONGEST_PACK_MINUTES
from producer.times import EPOCH, MINUTE, moment

# Only the packs at both ends of a series are asked when their media begin and end; those of five minutes and those of
# an hour, which earlier releases made, may lie over each other.
_OF_SERIES = """
with used as (
    select series, sum((case when copied = 0 or pack in (select pack from copies where is_hot) then end
        else end - copied end + :block - 1) / :block * :block) as bytes
    from packs group by series
)
select series, site, device, kind, count, used.bytes,
    (select min(first) from packs where packs.series = series.series
        and start < (select min(start) from packs where packs.series = series.series) + :minutes),
    (select max(last) from packs where packs.series = series.series
        and start > (select max(start) from packs where packs.series = series.series) - :minutes)
from used join series using (series) order by site, device, kind
"""


@dataclass(frozen=True, slots=True)
class SeriesUsage:
    """The usage of a series: its number of media, bytes on the disk and in cold storage, oldest and newest event
    time.
    """

    site: str
    device: str
    kind: str
    count: int
    bytes: int
    oldest: datetime
    newest: datetime
    cold_bytes: int = 0


def series_usage(index: sqlite3.Connection, directory: Path) -> list[SeriesUsage]:
    """The usage of every series."""
    # A pack takes whole blocks of its file system.
    block = os.statvfs(directory).f_frsize
    rows = index.execute(_OF_SERIES, {"block": block, "minutes": LONGEST_PACK_MINUTES}).fetchall()
    cold = dict(index.execute("select series, sum(size) from copies join packs using (pack) group by series"))
    return [
        SeriesUsage(site, device, kind, count, size, moment(first), moment(last), cold.get(series, 0))
        for series, site, device, kind, count, size, first, last in rows
    ]


def bytes_since(index: sqlite3.Connection, since: datetime) -> dict[tuple[str, str, str], int]:
    """The bytes of each series (site, device and kind) in the packs that began since a moment."""
    rows = index.execute(
        "select site, device, kind, sum(packs.bytes) from packs join series using (series) where start >= ?"
        " group by series",
        (-(-(since - EPOCH) // MINUTE),),
    )
    return {(site, device, kind): size for site, device, kind, size in rows}
