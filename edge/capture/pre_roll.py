"""Keeps the last seconds of coded video and sound, from a keyframe on, for the time before a recording begins."""

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from edge.capture.bitstream import Unit

LARGEST_BYTES: Final = 64_000_000
"""Bytes of the pre-roll: 60 s of 8 Mbit/s."""


@dataclass(slots=True)
class _PictureGroup:
    """A keyframe, and what follows it up to the next one."""

    units: list[Unit] = field(default_factory=list)
    bytes: int = 0

    def add(self, unit: Unit) -> None:
        self.units.append(unit)
        self.bytes += len(unit.data)


class PreRoll:
    """Units of one run. It always begins at a keyframe, so it may hold more than asked for."""

    def __init__(self, largest_bytes: int = LARGEST_BYTES) -> None:
        self._largest_bytes = largest_bytes
        self._groups: deque[_PictureGroup] = deque()
        self._bytes = 0

    @property
    def last_keyframe(self) -> Unit | None:
        return self._groups[-1].units[0] if self._groups else None

    @property
    def bytes(self) -> int:
        return self._bytes

    def add(self, unit: Unit, length: timedelta) -> None:
        """Drop what ended more than `length` before this unit."""
        if unit.kind == "video" and unit.keyframe:
            self._groups.append(_PictureGroup())
        if not self._groups:
            return
        self._groups[-1].add(unit)
        self._bytes += len(unit.data)
        while len(self._groups) > 1 and self._groups[1].units[0].time <= unit.time - length:
            self._drop()
        while self._groups and self._bytes > self._largest_bytes:
            self._drop()

    def take(self) -> list[Unit]:
        taken = [unit for group in self._groups for unit in group.units]
        self.clear()
        return taken

    def clear(self) -> None:
        self._groups.clear()
        self._bytes = 0

    def _drop(self) -> None:
        self._bytes -= self._groups.popleft().bytes
