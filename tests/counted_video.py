"""Video segments whose every frame bears its own number, which a test can read from the picture."""

import io
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

FPS = 12.5
WIDTH, HEIGHT = 320, 180
BITS = 12
SEGMENT_S = 4
FRAMES_PER_SEGMENT = int(FPS * SEGMENT_S)
_CLOCK = 90_000

READ_NUMBER = f"""
(video) => {{
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [{WIDTH}, {HEIGHT}];
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, {WIDTH}, {HEIGHT});
  let number = 0;
  for (let bit = 0; bit < {BITS}; bit++) {{
    const [red] = context.getImageData((bit + 0.5) * {WIDTH} / {BITS}, {HEIGHT} / 2, 1, 1).data;
    if (red > 128) number += 2 ** bit;
  }}
  return number;
}}
"""
"""JavaScript that reads the number from what a video element shows."""


def counted_segments(count: int) -> Iterator[bytes]:
    """MPEG-TS segments of one recording, with frames that are not stored in the order in which they are shown."""
    for number in range(count):
        yield _segment(number)


def _segment(number: int) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=Fraction(25, 2), options={"preset": "ultrafast", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = FRAMES_PER_SEGMENT
        stream.codec_context.time_base = Fraction(1, _CLOCK)
        for index in range(FRAMES_PER_SEGMENT):
            shown = number * FRAMES_PER_SEGMENT + index
            frame = av.VideoFrame.from_ndarray(_picture(shown), format="rgb24")
            frame.pts, frame.time_base = _CLOCK + round(shown * _CLOCK / FPS), Fraction(1, _CLOCK)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def _picture(number: int) -> NDArray[np.uint8]:
    columns = np.arange(WIDTH) * BITS // WIDTH
    bright = (number >> columns & 1).astype(np.uint8) * 235
    return np.ascontiguousarray(np.broadcast_to(bright[None, :, None], (HEIGHT, WIDTH, 3)))
