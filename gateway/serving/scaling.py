"""JPEG pictures at the width at which they are shown: a tile of a wall needs a tenth of the bytes of a picture."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import simplejpeg

QUALITY = 70
STEP = 80
"""Widths are rounded up to multiples of this, so that tiles of almost the same size share a picture."""
PICTURES_KEPT = 64
"""Several people look at one wall: so many pictures are scaled once for all of them."""

Picture = npt.NDArray[np.uint8]
"""Rows, columns, three colours."""


@lru_cache(maxsize=PICTURES_KEPT)
def scaled(picture: bytes, width: int) -> bytes:
    """At most so wide, rounded up; a picture that is not wider, or that is no JPEG, as it is."""
    wanted = -(-width // STEP) * STEP
    try:
        rows, columns = simplejpeg.decode_jpeg_header(picture)[:2]
        if columns <= wanted:
            return picture
        height = max(1, round(rows * wanted / columns))
        decoded: Picture = simplejpeg.decode_jpeg(picture, "BGR", fastdct=True, min_height=height, min_width=wanted)
    except ValueError:
        return picture
    import cv2  # 12 MB, only where somebody asks for small pictures

    small = cv2.resize(decoded, (wanted, height), interpolation=cv2.INTER_AREA)
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(small), QUALITY, "BGR", "420"))
