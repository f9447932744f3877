"""The tables of the warehouse, and their definition in the dialect of an engine."""

from consumers.store.clickhouse.dialect import Dialect
from consumers.store.clickhouse.table import Kind, Table, columns

VERSION = 1
"""Raised with every change of a table or of the fold: the rows are then folded anew."""


_OF_EVENT = (("position", Kind.POSITION), ("event_id", Kind.TEXT))
_WHERE_AND_WHEN = (("site", Kind.WORD), ("device", Kind.WORD), ("ts", Kind.MOMENT))

# Hours of every zone consist of whole quarters of UTC hours, so the quarters serve sites everywhere.
QUARTER = "toStartOfFifteenMinutes(ts)"

CAMERA_EVENTS = Table(
    "camera_events",
    (
        ("site_name", Kind.WORD),
        ("cam_name", Kind.WORD),
        ("ts", Kind.MOMENT),
        ("people_count", Kind.SHORT),
        ("event_triggers", Kind.WORDS),
        *_OF_EVENT,
    ),
    order=("site_name", "cam_name", "ts", "position"),
    projection=(
        f"select site_name, {QUARTER}, cam_name, event_triggers, max(people_count), count() "
        f"group by site_name, {QUARTER}, cam_name, event_triggers"
    ),
)

THERMAL_READINGS = Table(
    "thermal_readings",
    (
        *_WHERE_AND_WHEN,
        ("scope", Kind.WORD),
        ("roi", Kind.WORD),
        ("min_temp", Kind.REAL),
        ("max_temp", Kind.REAL),
        ("avg_temp", Kind.REAL),
        ("alert_level", Kind.WORD),
        *_OF_EVENT,
    ),
    order=("site", "device", "ts", "scope", "roi", "position"),
)

HEALTH = Table(
    "health",
    (
        *_WHERE_AND_WHEN,
        ("status", Kind.WORD),
        ("reason", Kind.TEXT),
        ("is_recording", Kind.FLAG),
        ("fps", Kind.REAL_OR_NONE),
        ("total_reconnects", Kind.COUNT),
        ("consecutive_failures", Kind.COUNT),
        *_OF_EVENT,
    ),
    order=("site", "device", "ts", "position"),
)

MOTION = Table(
    "motion",
    (
        *_WHERE_AND_WHEN,
        ("phase", Kind.WORD),
        ("duration_s", Kind.REAL),
        ("frames", Kind.COUNT),
        ("intensity", Kind.REAL),
        ("boxes", Kind.SHORT),
        *_OF_EVENT,
    ),
    order=("site", "device", "ts", "position"),
)

TABLES = (CAMERA_EVENTS, THERMAL_READINGS, HEALTH, MOTION)

CHECKPOINT = Table("checkpoint", (("name", Kind.TEXT), ("position", Kind.POSITION)), order=("name",))


def definition(table: Table, dialect: Dialect, keep_days: int | None) -> str:
    """The statement that creates the table. Rows are on disk before an insert returns: the checkpoint follows them.

    A server of the old dialect has no word for that, nor for rows that expire.
    """
    parts = columns(table, dialect)
    if dialect.projections:
        parts.append("index position_range position type minmax granularity 1")
        if table.projection is not None:
            parts.append(f"projection summary ({table.projection})")
    text = f"create table if not exists {table.name} ({', '.join(parts)}) engine = MergeTree"
    text += f" partition by toYYYYMM(ts) order by ({', '.join(table.order)})"
    if dialect.expires:
        text += f" ttl ts + interval {keep_days:d} day" if keep_days is not None else ""
        text += " settings ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1"
    return text


def checkpoint_definition() -> str:
    """Losing its newest row in a power cut costs a repetition, and nothing else."""
    return (
        "create table if not exists checkpoint (name String, position UInt64) "
        "engine = ReplacingMergeTree(position) order by name"
    )
