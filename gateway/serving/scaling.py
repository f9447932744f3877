"""JPEG pictures at the width at which they are shown: a tile of a wall needs a tenth of the bytes of a picture."""

from functools import lru_cache

import numpy as np
import simplejpeg

from consumers.jpeg import decoded, size_of

QUALITY = 70
STEP = 80
"""Widths are rounded up to multiples of this, so that tiles of almost the same size share a picture."""
PICTURES_KEPT = 64
"""Several people look at one wall: so many pictures are scaled once for all of them."""


@lru_cache(maxsize=PICTURES_KEPT)
def scaled(picture: bytes, width: int) -> bytes:
    """At most so wide, rounded up; a picture that is not wider, or that cannot be decoded, as it is."""
    wanted = -(-width // STEP) * STEP
    size = size_of(picture)
    if size is None or size[1] <= wanted:
        return picture
    height = max(1, round(size[0] * wanted / size[1]))
    large = decoded(picture, height, wanted)
    if large is None:
        return picture
    import cv2  # 12 MB, only where somebody asks for small pictures

    small = cv2.resize(large, (wanted, height), interpolation=cv2.INTER_AREA)
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(small), QUALITY, "BGR", "420"))
