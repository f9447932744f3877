"""Draws what the motion detector sees of a picture, for people who set zones and sensitivity."""

from typing import Final

import cv2
import numpy as np
import simplejpeg

from edge.analysis.motion import Box, Grey, MotionView

COUNTED_BGR: Final = (0, 140, 255)
"""The colour of movement that counts."""
IGNORED_BGR: Final = (150, 120, 90)
"""The colour of movement where motion does not count."""
BOX_BGR: Final = (90, 220, 90)
"""The colour of the box around a movement that is large enough to be motion."""
_OUTSIDE: Final = 0.4
_QUALITY: Final = 75


def motion_preview(grey: Grey, view: MotionView, boxes: tuple[Box, ...]) -> bytes:
    """JPEG of the picture in grey (H x W uint8), darker where motion does not count, with what moves in colour."""
    height, width = grey.shape
    shown = grey if view.mask is None else np.where(view.mask > 0, grey, (grey * _OUTSIDE).astype(np.uint8))
    picture = cv2.cvtColor(np.ascontiguousarray(shown), cv2.COLOR_GRAY2BGR)
    if view.moving is not None:
        counts = view.moving > 0 if view.mask is None else (view.moving > 0) & (view.mask > 0)
        picture[view.moving > 0] = IGNORED_BGR
        picture[counts] = COUNTED_BGR
    for x, y, wide, high in boxes:
        corner = (round(x * width), round(y * height))
        opposite = (round((x + wide) * width) - 1, round((y + high) * height) - 1)
        cv2.rectangle(picture, corner, opposite, BOX_BGR, 1)
    jpeg: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(picture), quality=_QUALITY, colorspace="BGR")
    return jpeg
