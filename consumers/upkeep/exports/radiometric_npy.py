"""Writes radiometric frames as one table in NumPy's file format: the time and the temperatures of each."""

import struct
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from bus_schemas.radiometric import RadiometricFrame
from producer.times import micros

TYPE: Final = "application/x-npy"
_MAGIC: Final = b"\x93NUMPY\x01\x00"
_ALIGNED: Final = 64


def npy(frames: Iterable[tuple[datetime, RadiometricFrame]]) -> bytes:
    """`numpy.load(file)["celsius"]` has them, frame by row by column, and `["time"]` their moments of UTC.

    Of frames of another size than the first one none is in it.
    """
    size: tuple[int, int] | None = None
    packed = []
    for time, frame in frames:
        size = size or (frame.rows, frame.columns)
        if (frame.rows, frame.columns) == size:
            packed.append(struct.pack(f"<q{len(frame.celsius)}f", micros(time) // 1000, *frame.celsius))
    described = f"[('time', '<M8[ms]'), ('celsius', '<f4', {size or (0, 0)})]"
    head = f"{{'descr': {described}, 'fortran_order': False, 'shape': ({len(packed)},), }}"
    padded = head + " " * (-(len(_MAGIC) + 2 + len(head) + 1) % _ALIGNED) + "\n"
    return _MAGIC + struct.pack("<H", len(padded)) + padded.encode("ascii") + b"".join(packed)
