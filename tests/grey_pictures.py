"""Pictures that differ by their brightness."""

from collections.abc import Iterator

import numpy as np
from av.video.frame import VideoFrame

from edge.analysis.pictures import frame_of


def pictures(count: int, size: tuple[int, int] = (320, 180)) -> Iterator[VideoFrame]:
    """Grey that gets lighter, so that every picture can be told from the others."""
    for index in range(count):
        yield frame_of(np.full((size[1], size[0], 3), 20 + index % 200, np.uint8))
