"""Decodes JPEG pictures that devices sent, within bounded time and memory."""

from typing import Final

import numpy as np
import numpy.typing as npt
import simplejpeg

from bus_schemas.media import MAX_PIXELS

MAX_SCANS: Final = 40
"""A progressive picture has about ten; each costs time for every pixel, and may have few bytes."""
_SCAN: Final = b"\xff\xda"

Picture = npt.NDArray[np.uint8]
"""Rows, columns, blue-green-red."""


def size_of(jpeg: bytes) -> tuple[int, int] | None:
    """Rows and columns; `None` where it is broken, or too large to be decoded."""
    try:
        rows, columns = simplejpeg.decode_jpeg_header(jpeg)[:2]
    except ValueError:
        return None
    if rows * columns > MAX_PIXELS or jpeg.count(_SCAN) > MAX_SCANS:
        return None
    return int(rows), int(columns)


def decoded(jpeg: bytes, rows: int, columns: int) -> Picture | None:
    """At least of this size, and no larger than needed: it is halved, quartered … in decoding. `None` as above."""
    if size_of(jpeg) is None:
        return None
    try:
        picture: Picture = simplejpeg.decode_jpeg(
            jpeg, "BGR", fastdct=True, fastupsample=True, min_height=rows, min_width=columns
        )
    except ValueError:
        return None
    return picture
