"""Queries of storage: how full it is, what a clean-up would do, and what one did."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict

from pydantic_core import from_json

from consumers.hub_config import RetentionPolicy
from consumers.store.archive.usage import SeriesUsage
from consumers.store.disk import DiskSpace
from consumers.upkeep.retention.holding import FreeMedia
from producer.times import DAY

GB = 1e9
_AN_INSTANT = timedelta(microseconds=1)


class DiskUsage(TypedDict):
    percent: float
    used_gb: float
    free_gb: float
    total_gb: float


class CleanupConfigRow(TypedDict):
    retention_days: float
    cleanup_threshold_percent: float
    target_percent: float


class RetentionStatsRow(TypedDict):
    total_files: int
    total_size_gb: float
    files_by_age: dict[str, int]
    oldest_file_age_days: int | None
    can_cleanup_gb: float


class CleanupStatusRow(TypedDict):
    disk_usage: DiskUsage
    cleanup_config: CleanupConfigRow
    retention_stats: RetentionStatsRow


def disk_usage(disk: DiskSpace) -> DiskUsage:
    return {
        "percent": round(disk.percent, 1),
        "used_gb": round(disk.used / GB, 1),
        "free_gb": round(disk.free / GB, 1),
        "total_gb": round(disk.total / GB, 1),
    }


def cleanup_status(
    policy: RetentionPolicy, disk: DiskSpace, usage: Sequence[SeriesUsage], free: FreeMedia, now: datetime
) -> CleanupStatusRow:
    """`usage` is that of the archive, `free` what of it no rule keeps."""
    keep = dict(policy.media).get("segment", timedelta(0))
    a_day, three, eight, expired = free.began_by((now - DAY, now - 3 * DAY, now - 8 * DAY, now - keep - _AN_INSTANT))
    total = sum(each.count for each in usage)
    oldest = min((each.oldest for each in usage), default=None)
    return {
        "disk_usage": disk_usage(disk),
        "cleanup_config": {
            "retention_days": keep / DAY,
            "cleanup_threshold_percent": policy.cleanup_threshold_percent,
            "target_percent": policy.cleanup_target_percent,
        },
        "retention_stats": {
            "total_files": total,
            "total_size_gb": round(sum(each.bytes for each in usage) / GB, 2),
            "files_by_age": {
                "<1day": total - a_day.media,
                "1-3days": a_day.media - three.media,
                "3-7days": three.media - eight.media,
                ">7days": eight.media,
            },
            "oldest_file_age_days": None if oldest is None else (now - oldest) // DAY,
            "can_cleanup_gb": round(expired.bytes / GB, 2),
        },
    }


def journal_waits(view: sqlite3.Connection) -> str | None:
    """Why the oldest day of the journal stays, though it is old or too much. The view is that of `retention`."""
    if not view.execute("select 1 from sqlite_master where name = 'waits'").fetchone():
        return None
    found = view.execute("select date, rule, reason from waits order by date").fetchone()
    return None if found is None else f"{found[0]} ({found[1]}): {found[2]}"


def cleanup_run(view: sqlite3.Connection, request_id: str) -> dict[str, Any] | None:
    """The outcome of a clean-up that was asked for; `None` until it is done. The view is that of `retention`."""
    found = view.execute("select answer from runs where request_id = ?", (request_id,)).fetchone()
    if found is None:
        return None
    answer: dict[str, Any] = from_json(found[0])
    return answer
