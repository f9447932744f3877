"""Work in a thread while a test goes on: stopped at the end, and never left behind."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOPS_WITHIN_S = 30


def nothing() -> None:
    """Whoever looks at the flag by itself needs no waking."""


@contextmanager
def in_a_thread(
    work: Callable[[threading.Event], object], wake: Callable[[], object] = nothing
) -> Iterator[threading.Thread]:
    """`work` gets the event by which it stops; `wake` is called after it is set."""
    stopping = threading.Event()
    thread = threading.Thread(target=work, args=(stopping,))
    thread.start()
    try:
        yield thread
    finally:
        stopping.set()
        wake()
        thread.join(STOPS_WITHIN_S)
        assert not thread.is_alive()
