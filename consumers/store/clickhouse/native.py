"""Writes a block of rows in ClickHouse's own format: what is inserted so needs no library, and no parsing of texts."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, chain
from typing import Any, Final

from consumers.store.clickhouse.engine import Columns
from consumers.store.clickhouse.table import Kind, Table

Write = Callable[[Sequence[Any]], bytes]


def block(table: Table, columns: Columns) -> bytes:
    """Numbers of columns and rows; then the name, the type and the values of each column."""
    parts = [_varint(len(columns)), _varint(len(columns[0]))]
    for (name, kind), values in zip(table.columns, columns, strict=True):
        stated, write = _KINDS[kind]
        parts += [_sized(name.encode()), _sized(stated.encode()), write(values)]
    return b"".join(parts)


def stated(table: Table) -> str:
    """The columns of a block, as a definition has them in a text of SQL."""
    return ", ".join(f"{name} {_KINDS[kind][0]}" for name, kind in table.columns).replace("'", "\\'")


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    written.append(number)
    return bytes(written)


def _sized(data: bytes) -> bytes:
    return _varint(len(data)) + data


def _numbers(code: str) -> Write:
    return lambda values: array(code, values).tobytes()


def _texts(values: Iterable[str]) -> bytes:
    """Most come again and again."""
    values = list(values)
    written = {value: _sized(value.encode()) for value in set(values)}
    return b"".join(map(written.__getitem__, values))


def _lists_of_texts(values: Sequence[Sequence[str]]) -> bytes:
    ends = array("Q", accumulate(map(len, values)))
    return ends.tobytes() + _texts(chain.from_iterable(values))


def _numbers_or_none(values: Sequence[float | None]) -> bytes:
    return bytes(value is None for value in values) + array("f", [value or 0.0 for value in values]).tobytes()


_KINDS: Final[Mapping[Kind, tuple[str, Write]]] = {
    Kind.WORD: ("String", _texts),
    Kind.WORDS: ("Array(String)", _lists_of_texts),
    Kind.TEXT: ("String", _texts),
    Kind.MOMENT: ("DateTime64(3, 'UTC')", _numbers("q")),
    Kind.SHORT: ("UInt16", _numbers("H")),
    Kind.COUNT: ("UInt32", _numbers("I")),
    Kind.POSITION: ("UInt64", _numbers("Q")),
    Kind.REAL: ("Float32", _numbers("f")),
    Kind.REAL_OR_NONE: ("Nullable(Float32)", _numbers_or_none),
    Kind.FLAG: ("UInt8", bytes),
    Kind.MICROS: ("Int64", _numbers("q")),
    Kind.BYTES: ("String", lambda values: b"".join(map(_sized, values))),
}
"""The type by which a block states what it holds, which ClickHouse turns into that of the column."""
