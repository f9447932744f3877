"""Defines tables: their columns by kind, and their types in the dialect of an engine."""

from dataclasses import dataclass
from enum import Enum, auto

from consumers.store.clickhouse.dialect import Dialect


class Kind(Enum):
    """The kind of value in a column."""

    WORD = auto()  # a text of which there are few
    WORDS = auto()
    TEXT = auto()
    MOMENT = auto()
    SHORT = auto()
    COUNT = auto()
    POSITION = auto()
    REAL = auto()
    REAL_OR_NONE = auto()
    FLAG = auto()
    MICROS = auto()  # microseconds since 1970, to count with and not to show
    BYTES = auto()


_TYPES = {
    Kind.WORDS: "Array(String)",
    Kind.TEXT: "String",
    Kind.SHORT: "UInt16",
    Kind.COUNT: "UInt32",
    Kind.POSITION: "UInt64",
    Kind.REAL: "Float32",
    Kind.REAL_OR_NONE: "Nullable(Float32)",
    Kind.FLAG: "UInt8",
    Kind.MICROS: "Int64",
    Kind.BYTES: "String",
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind of event. Every row says which event it is of, and where that is in the journal."""

    name: str
    columns: tuple[tuple[str, Kind], ...]
    order: tuple[str, ...]
    projection: str | None = None
    """The body of an aggregate that ClickHouse keeps inside each part, so that it can never differ from the rows."""

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)


def columns(table: Table, dialect: Dialect) -> list[str]:
    """Names and types, as a definition has them."""
    return [f"{name} {_type(kind, dialect)}" for name, kind in table.columns]


def _type(kind: Kind, dialect: Dialect) -> str:
    return {Kind.MOMENT: dialect.moment, Kind.WORD: dialect.word, **_TYPES}[kind]
