"""Makes once what many ask for at the same moment: a drawing, or an answer that takes long."""

from asyncio import Future, Semaphore, ensure_future, get_running_loop, shield, sleep
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, Final, TypeVar

from gateway.http.asker import Turns

T = TypeVar("T")

DRAWING_THREADS: Final = 2
DRAWINGS_AT_ONCE: Final = 4
"""For one client; a page asks for six pictures at a time."""
DRAWINGS_WAITING: Final = 100
SLOW_WAITING: Final = 10


class SharedWork:
    """Used by the event loop. The result depends on its key alone."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(DRAWING_THREADS, "drawing")
        self._made: dict[Hashable, Future[Any]] = {}
        self._drawings = Turns(DRAWINGS_AT_ONCE, DRAWINGS_WAITING)
        self._slow = Turns(1, SLOW_WAITING)
        self._one_slow = Semaphore(1)
        self._slow_until = 0.0

    async def drawn(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """A picture or a table. Raises what `make` raises, and a 429 for a client that asks for too many."""
        return await self._once(key, lambda: self._in_turn(self._drawings, make))

    async def slow(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """An answer that takes long: one at a time, of all clients together. Raises as `drawn` does."""
        return await self._once(key, lambda: self._in_turn(self._slow, lambda: self._one_at_a_time(make)))

    async def in_thread(self, work: Callable[..., T], *given: Any) -> T:
        """In one of the threads that draw."""
        return await get_running_loop().run_in_executor(self._pool, work, *given)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _in_turn(self, turns: Turns, make: Callable[[], Awaitable[T]]) -> T:
        """A request for a result that is being made already needs no turn."""
        async with turns.turn():
            return await make()

    async def _one_at_a_time(self, make: Callable[[], Awaitable[T]]) -> T:
        """Then a pause as long as it took: alarms need the processor as well."""
        async with self._one_slow:
            await sleep(self._slow_until - monotonic())
            began = monotonic()
            try:
                return await make()
            finally:
                self._slow_until = monotonic() + monotonic() - began

    async def _once(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        made: Future[T] | None = self._made.get(key)
        if made is None:
            made = self._made[key] = ensure_future(make())
            made.add_done_callback(lambda done: self._forget(key, done))
        return await shield(made)

    def _forget(self, key: Hashable, done: "Future[Any]") -> None:
        del self._made[key]
        if not done.cancelled():
            done.exception()  # The clients that asked may be gone.
