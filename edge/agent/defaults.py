"""Default rates and sizes of what an agent sends. Imports no picture library."""

from typing import Final

FRAME_EVERY_S: Final = 1.0
"""Between two analyses of a camera's picture of which nothing has changed."""
MOTION_EVERY_S: Final = 1.0
"""Between two events of motion that goes on."""
HEALTH_EVERY_S: Final = 10.0
THUMBNAIL: Final = (320, 180)
THERMAL_PREVIEW: Final = (640, 480)

DRAWN_SIZE: Final = (640, 360)
DRAWN_FPS: Final = 10
DRAWN_BITS_PER_S: Final = 600_000

SOUND_BITS_PER_S: Final = 64_000
"""For each channel of sound that is encoded here."""
NOMINAL_FPS: Final = 25
"""The rate of a camera that does not say its own."""
_MOST_BITS_PER_PIXEL: Final = 0.2
_LEAST_PEAK: Final = 1_000_000


def peak_bits_per_s(width: int, height: int, fps: float) -> int:
    """The most that video takes which is encoded here without a bit rate of its own."""
    return max(_LEAST_PEAK, round(width * height * fps * _MOST_BITS_PER_PIXEL))
