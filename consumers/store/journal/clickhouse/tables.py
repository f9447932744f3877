"""The tables of a journal on ClickHouse.

A block of one partition becomes one part, which a reader sees whole or not at all. So everything that a group changes
is in its rows of `events`; the rest is derived, or may be there twice.
"""

from dataclasses import replace
from datetime import date

from consumers.store.clickhouse.dialect import Dialect
from consumers.store.clickhouse.engine import Engine
from consumers.store.clickhouse.table import Kind, Table, columns

# `day` is that of the commit, as 20260105. Without a sequence (0) there is no epoch ('') either.
EVENTS = Table(
    "events",
    (
        ("position", Kind.POSITION),
        ("day", Kind.COUNT),
        ("source", Kind.WORD),
        ("epoch", Kind.WORD),
        ("sequence", Kind.POSITION),
        ("type", Kind.WORD),
        ("time", Kind.MICROS),
        ("received", Kind.MICROS),
        ("id", Kind.TEXT),
        ("body", Kind.BYTES),
    ),
    order=("position",),
)

# The state of the streams that changed since the summary before, as of the position `upto`: what a start need not
# read, and what is still known of a stream when its days are dropped.
STREAMS = Table(
    "streams",
    (
        ("upto", Kind.POSITION),
        ("source", Kind.WORD),
        ("epoch", Kind.WORD),
        ("watermark", Kind.POSITION),
        ("received", Kind.MICROS),
        ("gaps", Kind.COUNT),
    ),
    order=("upto", "source", "epoch"),
)

REJECTED = Table(
    "rejected",
    (
        ("number", Kind.POSITION),
        ("received", Kind.MICROS),
        ("topic", Kind.TEXT),
        ("reason", Kind.TEXT),
        ("size", Kind.COUNT),
        ("body", Kind.BYTES),
    ),
    order=("number",),
)

# What was dropped: how far it went, and in time by source. It distinguishes what may have been held from what is new.
DROPPED = Table(
    "dropped",
    (("upto", Kind.POSITION), ("source", Kind.WORD), ("latest", Kind.MICROS)),
    order=("upto", "source"),
)

# Which journal this is, and who may write it: the newest term.
JOURNAL_IDS = Table("lives", (("life", Kind.POSITION),), order=("life",))
WRITERS = Table(
    "writers", (("term", Kind.POSITION), ("token", Kind.TEXT), ("owner", Kind.TEXT)), order=("term", "token")
)

TABLES = (EVENTS, STREAMS, REJECTED)
REJECTED_PER_PARTITION = 10_000

_PARTITIONS = {EVENTS: "day", REJECTED: f"intDiv(number, {REJECTED_PER_PARTITION})"}
# A read takes whole granules, and bodies are long; a question for an id has to look at every one.
_GRANULARITY = 1024
_INDICES = (
    "index id_there id type bloom_filter(0.01) granularity 8",
    "index time_range time type minmax granularity 1",
    "index received_range received type minmax granularity 1",
)
_DURABLE = "fsync_after_insert = 1, fsync_part_directory = 1"


def create(engine: Engine, database: str) -> None:
    """Tables that exist stay."""
    engine.execute(f"create database if not exists {database}")
    for table in (*TABLES, DROPPED, JOURNAL_IDS, WRITERS):
        engine.execute(definition(table, database, engine.dialect))


def definition(table: Table, database: str, dialect: Dialect) -> str:
    """A server of the old dialect has no word for a part that is on the disk when its insert returns."""
    parts = columns(table, dialect)
    if table is EVENTS and dialect.projections:
        parts += _INDICES
    text = f"create table if not exists {database}.{table.name} ({', '.join(parts)}) engine = MergeTree"
    if table in _PARTITIONS:
        text += f" partition by {_PARTITIONS[table]}"
    text += f" order by ({', '.join(table.order)}) settings index_granularity = {_GRANULARITY}"
    return f"{text}, {_DURABLE}" if dialect.expires else text


def within(database: str, table: Table) -> Table:
    """The table under its full name."""
    return replace(table, name=f"{database}.{table.name}")


def day_number(day: date) -> int:
    """The name of a partition: 20260105."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_of(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)
