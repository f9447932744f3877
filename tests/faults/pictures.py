"""Small JPEG pictures of any size in bytes, no two alike."""

import random
from functools import cache

import numpy as np
import simplejpeg


@cache
def _plain() -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.full((24, 32, 3), 128, np.uint8), quality=80))


def picture(dice: random.Random, size: int) -> bytes:
    """A picture that decodes, made this large by what follows its end."""
    plain = _plain()
    return plain + dice.randbytes(max(16, dice.randrange(size // 2, size * 2) - len(plain)))
