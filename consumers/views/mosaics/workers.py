"""Threads that draw and encode cells."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Own = TypeVar("_Own")


class Workers:
    """Decoding, scaling and encoding release the interpreter, so two threads halve the time: the caller's own, and one
    that helps it. Were there two that help, both would be woken while the caller still runs: on two processors the
    second is put behind the first, and often stays there until that one is done, though the caller waits by then.
    """

    def __init__(self) -> None:
        self._helper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mosaic")

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """In the order of the items, which the caller's thread makes while the first are at work already."""
        return self.beside(lambda: None, function, items)[1]

    def beside(
        self, own: Callable[[], _Own], function: Callable[[_Item], _Result], items: Iterable[_Item]
    ) -> tuple[_Own, list[_Result]]:
        """As `map`, and the result of what the caller's thread does before it takes its share of the items."""
        shared = _SharedItems(function)
        helping: Future[None] | None = None
        try:
            for number, item in enumerate(items):
                shared.add(number, item)
                if number == 1:  # to wake a thread for a single item would take longer
                    helping = self._helper.submit(shared.run)
            made = own()
            shared.end()
            shared.run()
        finally:
            shared.end()
            if helping is not None and not helping.cancel():
                helping.result()
        return made, shared.results()


class _SharedItems(Generic[_Item, _Result]):
    """Each thread takes the next item when it is done with one: a thread that the system delays holds up that one
    alone.
    """

    def __init__(self, function: Callable[[_Item], _Result]) -> None:
        self._function = function
        self._waiting: SimpleQueue[tuple[int, _Item] | None] = SimpleQueue()
        self._done: dict[int, _Result] = {}

    def add(self, number: int, item: _Item) -> None:
        self._waiting.put((number, item))

    def end(self) -> None:
        """Nothing is added any more."""
        self._waiting.put(None)

    def run(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            number, item = waiting
            self._done[number] = self._function(item)
        self.end()  # for the other thread

    def results(self) -> list[_Result]:
        return [self._done[number] for number in range(len(self._done))]
