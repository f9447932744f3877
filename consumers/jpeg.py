"""Decodes JPEG pictures that devices sent, within bounded time and memory."""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import simplejpeg

from bus_schemas.media import MAX_PIXELS

MAX_SCANS: Final = 40
"""A progressive picture has about ten; each costs time for every pixel, and may have few bytes."""
_SCAN: Final = b"\xff\xda"

Picture = npt.NDArray[np.uint8]
"""Rows, columns, blue-green-red."""
Grey = npt.NDArray[np.uint8]
"""Rows, columns."""


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


def decoded_exactly(jpeg: bytes) -> Picture | None:
    """In its own size, for whoever measures in it. `None` as above."""
    return _exact(jpeg, "BGR", 0)


def decoded_grey(jpeg: bytes, columns: int) -> Grey | None:
    """For whoever measures in it, at least so wide. `None` as above."""
    picture = _exact(jpeg, "GRAY", columns)
    return None if picture is None else np.ascontiguousarray(picture[:, :, 0])


def _exact(jpeg: bytes, colours: Literal["BGR", "GRAY"], columns: int) -> Picture | None:
    if size_of(jpeg) is None:
        return None
    try:
        picture: Picture = simplejpeg.decode_jpeg(jpeg, colours, min_width=columns)
    except ValueError:
        return None
    return picture
