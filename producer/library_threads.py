"""How many threads the libraries of a process start for themselves."""

import os
from typing import Final

LIMITS: Final = ("OPENCV_FOR_THREADS_NUM", "OPENBLAS_NUM_THREADS")
"""Environment variables that OpenCV and NumPy read when they are imported."""


def limit_library_threads() -> None:
    """Call it before they are imported. A limit that somebody has set stays.

    Pictures here are too small to be divided, and every camera has a thread of its own. A worker of OpenCV that waits
    for its part of a picture does so by asking the scheduler again and again, which costs more than it gains.
    """
    for name in LIMITS:
        os.environ.setdefault(name, "1")
