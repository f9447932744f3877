"""Checks in microseconds whether a view is unchanged, for the thread of the event loop."""

from asyncio import get_running_loop
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection, Error

from consumers.engine.view_files import NoView, Views

Stamp = tuple[int, int]
"""The generation of the file of a view, and the number of its state: answers made at the same stamp are the same."""


class ViewStamp:
    """Stamps of one view; `state_of` says of an open view by a number in what state it is.

    A question that is handed to a thread and back takes as long as a hundred answers: while the loop is busy, the
    thread waits for the interpreter after each call of SQLite. All requests of one turn of the loop share a stamp:
    what was committed before one of them came had been committed before the turn began.
    """

    def __init__(self, data: Path, name: str, state_of: Callable[[Connection], int]) -> None:
        self._views = Views(data)
        self._name = name
        self._state_of = state_of
        self._view: Connection | None = None
        self._opened = 0
        self._of_turn: tuple[Stamp | None] | None = None

    def now(self) -> Stamp | None:
        """`None` where that cannot be said at once."""
        if self._of_turn is not None:
            return self._of_turn[0]
        found = self._read()
        with suppress(RuntimeError):  # without a loop there are no turns
            get_running_loop().call_soon(self._end_turn)
            self._of_turn = (found,)
        return found

    def _end_turn(self) -> None:
        self._of_turn = None

    def _read(self) -> Stamp | None:
        try:
            view = self._views[self._name]
            if view is not self._view:
                view.execute("pragma busy_timeout=0")
                self._view = view
                self._opened += 1
            return self._opened, self._state_of(view)
        except (NoView, Error, OSError):
            return None

    def close_removed(self) -> None:
        """Close a view that was swapped, so that its bytes are given back."""
        self._views.close_removed()

    def close(self) -> None:
        self._views.close()
