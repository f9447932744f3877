"""Remembers for whom a task works, so that those who ask take turns."""

from asyncio import Semaphore
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final

from gateway.http.problems import RETRY, Problem

ASKER: Final[ContextVar[str]] = ContextVar("asker", default="")
"""The address, or the network, of the client of this request; empty where the gateway works for itself."""


class Turns:
    """Each client gets `at_once` turns at a time, and may have so many wait; used by the event loop."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._at_once = at_once
        self._most = at_once + most_waiting
        self._semaphores: dict[str, Semaphore] = {}
        self._count: dict[str, int] = {}

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Raises a 429 where too many of this client wait."""
        asker = ASKER.get()
        if self._count.get(asker, 0) >= self._most:
            raise Problem(
                429, f"{self._most} requests of yours for this are not answered yet: wait for them", headers=RETRY
            )
        self._count[asker] = self._count.get(asker, 0) + 1
        try:
            async with self._semaphores.setdefault(asker, Semaphore(self._at_once)):
                yield
        finally:
            self._count[asker] -= 1
            if not self._count[asker]:
                del self._count[asker], self._semaphores[asker]
