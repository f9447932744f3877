"""Threads that draw and encode cells."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

THREADS: Final = 2

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Workers:
    """Decoding, scaling and encoding release the interpreter, so two threads halve the time."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="mosaic")

    def map(self, function: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """In the order of the items. Each thread gets its part at once: to hand over a single cell costs as much as
        a tenth of drawing it.
        """
        if len(items) < THREADS:
            return [function(item) for item in items]

        def work(first: int) -> list[_Result]:
            return [function(item) for item in items[first::THREADS]]

        results: dict[int, _Result] = {}
        for first, part in enumerate(self._pool.map(work, range(THREADS))):
            results.update(zip(range(first, len(items), THREADS), part, strict=True))
        return [results[number] for number in range(len(items))]
