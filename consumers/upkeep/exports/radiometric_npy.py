"""Writes radiometric frames as one table in NumPy's file format: the time and the temperatures of each."""

import struct
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bus_schemas.radiometric import RadiometricFrame
from producer.times import micros

TYPE: Final = "application/x-npy"
_MAGIC: Final = b"\x93NUMPY\x01\x00"
_ALIGNED: Final = 64


def npy(frames: Sequence[tuple[datetime, RadiometricFrame]]) -> bytes:
    """`numpy.load(file)["celsius"]` has them, frame by row by column, and `["time"]` their moments of UTC.

    Of frames of another size than the first one none is in it.
    """
    size = (frames[0][1].rows, frames[0][1].columns) if frames else (0, 0)
    alike = [(time, frame) for time, frame in frames if (frame.rows, frame.columns) == size]
    record = struct.Struct(f"<q{size[0] * size[1]}f")
    body = b"".join(record.pack(micros(time) // 1000, *frame.celsius) for time, frame in alike)
    described = f"[('time', '<M8[ms]'), ('celsius', '<f4', {size})]"
    head = f"{{'descr': {described}, 'fortran_order': False, 'shape': ({len(alike)},), }}"
    padded = head + " " * (-(len(_MAGIC) + 2 + len(head) + 1) % _ALIGNED) + "\n"
    return _MAGIC + struct.pack("<H", len(padded)) + padded.encode("ascii") + body
