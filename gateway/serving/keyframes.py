"""Decodes the picture with which a recorded segment begins."""

from io import BytesIO
from typing import Any

import av
import numpy as np
import simplejpeg

from bus_schemas.media import MAX_PIXELS, MJPEG
from consumers.jpeg import size_of

QUALITY = 85
MOST_PACKETS = 100
"""A segment begins with a keyframe; what does not is given up soon."""


def first_picture(segment: bytes) -> bytes | None:
    """As JPEG; `None` where none can be decoded."""
    try:
        with av.open(BytesIO(segment), "r") as container:
            video = next(iter(container.streams.video), None)
            context: Any = None if video is None else video.codec_context
            if context is None:  # Also where nothing decodes its codec.
                return None
            context.thread_count = 1
            context.options = {"max_pixels": str(MAX_PIXELS)}
            for number, packet in enumerate(container.demux(video)):
                if context.name == MJPEG and size_of(bytes(packet)) is None:
                    break
                pictures: list[Any] = list(packet.decode())
                if pictures:
                    return _jpeg(pictures[0])
                if number > MOST_PACKETS:
                    break
    except (av.FFmpegError, ValueError):
        pass
    return None


def _jpeg(picture: Any) -> bytes:
    pixels = np.ascontiguousarray(picture.to_ndarray(format="bgr24"))
    return bytes(simplejpeg.encode_jpeg(pixels, QUALITY, "BGR", "420"))
