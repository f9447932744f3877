"""How many examples costly properties are tried with: few each time, and ten times as many by `./dev test thorough`."""

import os
from typing import Any

from hypothesis import settings

THOROUGH = "WATCHPOST_THOROUGH"
"""The variable that `./dev test thorough` sets."""


def examples(few: int, **others: Any) -> settings:
    return settings(max_examples=few * (10 if os.environ.get(THOROUGH) else 1), deadline=None, **others)
