"""Waits, with a bound, until a view has the outcome of a request."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE_S = 0.02


async def until(condition: Callable[[], Awaitable[T | None]], within: float) -> T | None:
    """The first answer that is one, or None when there was none in time."""
    deadline = asyncio.get_running_loop().time() + within
    while (found := await condition()) is None:
        if asyncio.get_running_loop().time() >= deadline:
            return None
        await asyncio.sleep(PAUSE_S)
    return found
