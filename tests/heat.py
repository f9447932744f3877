"""A thermal frame for tests of pictures, and pictures as colours."""

import cv2
import numpy as np
import simplejpeg

from edge.analysis.pictures import Planes


def heat() -> np.ndarray:
    coarse = np.random.default_rng(1).uniform(20, 60, (6, 8)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (32, 24), interpolation=cv2.INTER_CUBIC), np.float32)


def to_bgr(planes: Planes) -> np.ndarray:
    return np.asarray(simplejpeg.decode_jpeg(planes.jpeg(98), colorspace="BGR"), int)
