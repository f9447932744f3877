"""How many examples costly properties are tried with: few each time, ten times as many by `./dev test thorough`."""

import os
from typing import Any

from hypothesis import settings

THOROUGH = "WATCHPOST_THOROUGH"
"""The variable that `./dev test thorough` sets."""
QUICK = "quick"
"""The profile of `./dev test quick`, which says how many examples a property has there at most."""


def examples(few: int, **others: Any) -> settings:
    if settings.get_current_profile_name() == QUICK:
        few = min(few, settings.get_profile(QUICK).max_examples)
    return settings(max_examples=times(few), deadline=None, **others)


def times(few: int) -> int:
    """How often a test repeats what it draws by itself."""
    return few * (10 if is_thorough() else 1)


def is_thorough() -> bool:
    return bool(os.environ.get(THOROUGH))
