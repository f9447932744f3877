"""Encodes the temperatures of a frame in a few hundred bytes, and decodes them.

A pixel is a whole number of steps, given as its difference from what the pixels before it let expect. Little endian:
`WPT1`, columns, rows and thousandths of a degree of a step (uint16 each), k (uint8), the number of pixels without a
value and their indices (uint32 each), the first pixel (int32), then the differences of all pixels, row by row, zigzag
(0, -1, 1, -2 …), in Rice codes of k bits, the highest bit first. A quotient of 24 is followed by 32 bits instead.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice
from math import isfinite, nan
from statistics import median_low
from typing import Final

CONTENT_TYPE: Final = "application/vnd.watchpost.thermal-frame"
NPY_TYPE: Final = "application/x-npy"
FINEST_STEP_C: Final = 0.01
COARSEST_STEP_C: Final = 1.0
MAX_FRAME_PIXELS: Final = 1_000_000
_MAGIC: Final = b"WPT1"
_NPY: Final = b"\x93NUMPY"
_HEAD: Final = struct.Struct("<4sHHHBI")
_FIRST: Final = struct.Struct("<i")
_LONGEST_QUOTIENT: Final = 24
_ESCAPED_BITS: Final = 32
_LARGEST: Final = 2**29
_PER_DEGREE: Final = 1000
_SHAPE: Final = re.compile(r"'shape': \((\d{1,5}), (\d{1,5})\)")
_LONGEST_HEAD: Final = 65_536
_NPY_FORMATS: Final = {"<f2": "e", "<f4": "f", "<f8": "d"}


@dataclass(frozen=True, slots=True)
class RadiometricFrame:
    """`celsius` are its pixels row by row; NaN where the sensor gave no value."""

    columns: int
    rows: int
    celsius: list[float]


def encode(frame: RadiometricFrame, step_c: float) -> bytes:
    """Rounded to whole steps, which `decode` returns exactly."""
    thousandths = round(step_c * _PER_DEGREE)
    steps = [_steps(celsius, thousandths) for celsius in frame.celsius]
    invalid = [index for index, value in enumerate(steps) if value is None]
    first = next((value for value in steps if value is not None), 0)
    differences: list[int] = []
    above: list[int] = []
    above_2: list[int] = []
    for start in range(0, len(steps), frame.columns):
        row = _filled(steps[start : start + frame.columns], above or [first] * frame.columns)
        differences += [value - guess for value, guess in zip(row, _expected(row, above, above_2, first), strict=True)]
        above, above_2 = row, above
    return _packed((frame.columns, frame.rows), thousandths, invalid, first, differences)


def _packed(
    size: tuple[int, int], thousandths: int, invalid: Sequence[int], first: int, differences: Sequence[int]
) -> bytes:
    codes = [2 * value if value >= 0 else -2 * value - 1 for value in differences]
    k = _best_k(codes)
    bits = "".join([_rice(code, k) for code in codes])
    bits += "0" * (-len(bits) % 8)
    head = _HEAD.pack(_MAGIC, *size, thousandths, k, len(invalid))
    places = struct.pack(f"<{len(invalid)}I", *invalid)
    return b"".join((head, places, _FIRST.pack(first), int(bits, 2).to_bytes(len(bits) // 8)))


def pixels_of(head: bytes) -> int:
    """How many pixels a frame with these first bytes says that it has; 0 where it cannot be decoded."""
    if head.startswith(_MAGIC) and len(head) >= _HEAD.size:
        _, columns, rows, *_ = _HEAD.unpack_from(head)
        return columns * rows if columns * rows <= MAX_FRAME_PIXELS else 0
    shape = _SHAPE.search(head[:_LONGEST_HEAD].decode("latin-1")) if head.startswith(_NPY) else None
    count = 0 if shape is None else int(shape[1]) * int(shape[2])
    return count if count <= MAX_FRAME_PIXELS else 0


def decode(body: bytes) -> RadiometricFrame:
    """Decode the output of `encode`, or NumPy's format with a table of floating point. Raises `ValueError`."""
    if body.startswith(_NPY):
        return _decode_npy(body)
    if len(body) < _HEAD.size or not body.startswith(_MAGIC):
        raise ValueError("these bytes are no thermal frame")
    _, columns, rows, thousandths, k, invalid_count = _HEAD.unpack_from(body)
    count = _pixels(columns, rows)
    start = _HEAD.size + 4 * invalid_count + _FIRST.size
    if not thousandths or invalid_count > count or k > _ESCAPED_BITS or (len(body) - start) * 8 < count * (1 + k):
        raise ValueError("the thermal frame is damaged")
    invalid = struct.unpack_from(f"<{invalid_count}I", body, _HEAD.size)
    (first,) = _FIRST.unpack_from(body, start - _FIRST.size)
    values = _values(body[start:], first, (columns, rows), k)
    celsius = [value * thousandths / _PER_DEGREE for value in values]
    for index in invalid:
        if index >= count:
            raise ValueError("the thermal frame is damaged")
        celsius[index] = nan
    return RadiometricFrame(columns, rows, celsius)


def _steps(celsius: float, thousandths: int) -> int | None:
    if not isfinite(celsius):
        return None
    return max(-_LARGEST, min(_LARGEST, round(celsius * _PER_DEGREE / thousandths)))


def _filled(row: Sequence[int | None], instead: Sequence[int]) -> list[int]:
    """Values that cost few bytes in the place of pixels without a value."""
    return [below if value is None else value for value, below in zip(row, instead, strict=True)]


def _expected(row: Sequence[int], above: Sequence[int], above_2: Sequence[int], first: int) -> list[int]:
    """Predict each pixel of a row from the six nearest before it. The weights leave the least noise of an MLX90640.
    The first row knows the pixel to the left alone.
    """
    if not above:
        return [first, *row[:-1]]
    left_2 = [row[0], *row]
    known = _from_above(above, above_2)
    return [above[0], *((3 * (left + far) + rest) >> 4 for left, far, rest in zip(row, left_2, known, strict=False))]


def _from_above(above: Sequence[int], above_2: Sequence[int]) -> list[int]:
    """The part of what the rows before let expect, of each pixel but the first."""
    right = [*above[2:], above[-1]]
    nearest = zip(above[1:], above, right, (above_2 or above)[1:], strict=False)
    return [2 * (up + up_left) + 3 * (up_right + far) + 8 for up, up_left, up_right, far in nearest]


def _best_k(codes: Sequence[int]) -> int:
    around = median_low(codes).bit_length()
    return min(range(max(0, around - 2), around + 2), key=lambda k: sum(code >> k for code in codes) + len(codes) * k)


def _rice(code: int, k: int) -> str:
    quotient = code >> k
    if quotient >= _LONGEST_QUOTIENT:
        return "1" * _LONGEST_QUOTIENT + f"{code:0{_ESCAPED_BITS}b}"
    return "1" * quotient + "0" + (f"{code & ((1 << k) - 1):0{k}b}" if k else "")


def _values(packed: bytes, first: int, size: tuple[int, int], k: int) -> list[int]:
    """Raises `ValueError`."""
    columns, count = size[0], size[0] * size[1]
    differences = _differences(packed, count, k)
    row = list(accumulate(differences[1:columns], initial=first + differences[0]))
    values = [*row]
    above_2: list[int] = []
    for start in range(columns, count, columns):
        left = left_2 = row[0] + differences[start]
        following = [left]
        for rest, difference in zip(_from_above(row, above_2), differences[start + 1 : start + columns], strict=True):
            left_2, left = left, ((3 * (left + left_2) + rest) >> 4) + difference
            following.append(left)
        above_2, row = row, following
        values += row
    return values


def _differences(packed: bytes, count: int, k: int) -> list[int]:
    """Raises `ValueError`."""
    # What follows the longest code of each pixel is of none, and may be much.
    packed = packed[: count * (_LONGEST_QUOTIENT + _ESCAPED_BITS) // 8]
    bits = f"{int.from_bytes(packed):0{len(packed) * 8}b}"
    found = islice(_rice_codes(k).finditer(bits), count)
    codes = [
        int(escaped, 2) if escaped else len(ones) << k | int(low or "0", 2)
        for escaped, ones, low in (match.groups(default="") for match in found)
    ]
    if len(codes) < count:
        raise ValueError("the thermal frame ends too early")
    return [code >> 1 ^ -(code & 1) for code in codes]


@cache
def _rice_codes(k: int) -> re.Pattern[str]:
    return re.compile(f"1{{{_LONGEST_QUOTIENT}}}(.{{{_ESCAPED_BITS}}})|(1*)0(.{{{k}}})")


def _pixels(columns: int, rows: int) -> int:
    if not 0 < columns * rows <= MAX_FRAME_PIXELS:
        raise ValueError(f"a thermal frame of {columns} x {rows} pixels is not read here")
    return columns * rows


def _decode_npy(body: bytes) -> RadiometricFrame:
    wide = body[6:7] > b"\x01"
    start = 12 if wide else 10
    if len(body) < start:
        raise ValueError("the NumPy file is damaged")
    (length,) = struct.unpack_from("<I" if wide else "<H", body, 8)
    header = body[start : start + min(length, _LONGEST_HEAD)].decode("latin-1")
    shape = _SHAPE.search(header)
    kind = re.search(r"'descr': '(<f[248])'", header)
    if shape is None or kind is None or "'fortran_order': False" not in header:
        raise ValueError("a NumPy file of two dimensions with floating point is needed")
    rows, columns = int(shape[1]), int(shape[2])
    form = f"<{_pixels(columns, rows)}{_NPY_FORMATS[kind[1]]}"
    if len(body) < start + length + struct.calcsize(form):
        raise ValueError("the NumPy file ends too early")
    return RadiometricFrame(columns, rows, list(struct.unpack_from(form, body, start + length)))
