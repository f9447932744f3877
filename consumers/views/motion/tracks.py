"""Where something moved over time: the boxes of each event of motion, about one a second."""

import sqlite3
from collections.abc import Sequence

from pydantic_core import to_json

from bus_schemas.event import Box
from consumers.store.journal.record import DeviceKey


class Tracks:
    """Not in the view before `save`."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._rows: list[tuple[str, str, int, str]] = []

    def add(self, where: DeviceKey, at: int, boxes: Sequence[Box]) -> None:
        if boxes:
            self._rows.append((*where, at, to_json(boxes).decode()))

    def save(self) -> None:
        self._view.executemany("insert or ignore into tracks values (?, ?, ?, ?)", self._rows)
