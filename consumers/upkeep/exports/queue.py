"""The queue of exports: which is made next, how many are made before another, and how many may wait."""

import sqlite3
from typing import Final, NamedTuple

from consumers.hub_config import ExportPolicy

_QUEUE: Final = """
with askers as (
    select json_extract(export, '$.by') as asker, max(state = 'running') as is_served,
        max(iif(state in ('done', 'failed'), ended, null)) as served,
        min(iif(state in ('waiting', 'running'), position, null)) as first
    from jobs group by asker
), queued as (
    select *, json_extract(export, '$.by') as asker,
        row_number() over (partition by json_extract(export, '$.by') order by state = 'running' desc, position) as turn
    from jobs where state in ('waiting', 'running')
)
select export_id, site, asked, export, tries from queued join askers using (asker)
order by turn, is_served desc, served nulls first, first
"""
"""Exports begun before a restart, then one of each asker in turn, whoever has waited longest first."""


class QueuedExport(NamedTuple):
    export_id: str
    site: str
    asked: float
    export: str
    tries: int


def next_export(jobs: sqlite3.Connection) -> QueuedExport | None:
    found = jobs.execute(f"{_QUEUE} limit 1").fetchone()
    return None if found is None else QueuedExport(*found)


def exports_before(jobs: sqlite3.Connection) -> dict[str, int]:
    """By the id of each export that is not ready: how many are made before it."""
    return {row[0]: place for place, row in enumerate(jobs.execute(_QUEUE))}


def too_many(policy: ExportPolicy, by: str, waiting_of_asker: int, waiting: int) -> str | None:
    """Why one more export is refused, in a sentence."""
    if waiting_of_asker >= policy.waiting_per_person:
        return (
            f"{waiting_of_asker} exports of {by} wait already, and a person may have {policy.waiting_per_person}:"
            " cancel one, or ask again when one is ready"
        )
    if waiting >= policy.waiting:
        return f"{waiting} exports wait already, and the hub takes {policy.waiting}: ask again when some are ready"
    return None


def too_large(policy: ExportPolicy, size: int) -> str | None:
    """Why an export of so many bytes is refused, in a sentence: to make room for it, all others and it would go."""
    if size <= policy.bytes:
        return None
    return (
        f"it takes {size / 1e9:.2f} GB, and all exports together may take {policy.bytes / 1e9:.2f} GB"
        " (hub.export_bytes): ask for a shorter time or fewer devices"
    )


def waiting(jobs: sqlite3.Connection, by: str) -> tuple[int, int]:
    """How many exports of this asker are not ready yet, and how many of all."""
    of_asker, of_all = jobs.execute(
        "select coalesce(sum(json_extract(export, '$.by') = ?), 0), count(*) from jobs"
        " where state in ('waiting', 'running')",
        (by,),
    ).fetchone()
    return of_asker, of_all
