"""Writes radiometric frames as one table in NumPy's file format: the time and the temperatures of each."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bus_schemas.radiometric import RadiometricFrame
from producer.times import micros

TYPE: Final = "application/x-npy"
_MAGIC: Final = b"\x93NUMPY\x01\x00"
_ALIGNED: Final = 64


@dataclass(slots=True)
class FrameTable:
    """Frames of one size, in the order of their times: a table has no room for those of another one."""

    rows: int
    columns: int
    since: datetime
    """When the first of them was measured."""
    packed: list[bytes] = field(default_factory=list)

    def add(self, time: datetime, frame: RadiometricFrame) -> None:
        self.packed.append(struct.pack(f"<q{len(frame.celsius)}f", micros(time) // 1000, *frame.celsius))

    def npy(self) -> bytes:
        """`numpy.load(file)["celsius"]` has them, frame by row by column, and `["time"]` their moments of UTC."""
        described = f"[('time', '<M8[ms]'), ('celsius', '<f4', {(self.rows, self.columns)})]"
        head = f"{{'descr': {described}, 'fortran_order': False, 'shape': ({len(self.packed)},), }}"
        padded = head + " " * (-(len(_MAGIC) + 2 + len(head) + 1) % _ALIGNED) + "\n"
        return _MAGIC + struct.pack("<H", len(padded)) + padded.encode("ascii") + b"".join(self.packed)


def frame_tables(frames: Iterable[tuple[datetime, RadiometricFrame]]) -> list[FrameTable]:
    """A table for each size, as after somebody put another sensor there; in the order in which they begin."""
    tables: dict[tuple[int, int], FrameTable] = {}
    for time, frame in frames:
        size = frame.rows, frame.columns
        if size not in tables:
            tables[size] = FrameTable(*size, time)
        tables[size].add(time, frame)
    return list(tables.values())
