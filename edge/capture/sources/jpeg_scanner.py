"""Finds JPEG pictures in a stream of bytes.

Cameras that send JPEG after JPEG wrap them in MIME parts, and many get that wrong: lengths that are not true, parts
that are empty or something else, boundaries that differ from the announced ones. The end of a JPEG is marked in itself.
"""

import re
from typing import Final

MAX_BYTES: Final = 32_000_000
_START: Final = b"\xff\xd8\xff"
_MARKER_IN_SCAN: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_START_OF_SCAN: Final = 0xDA
_END: Final = 0xD9
_START_AGAIN: Final = 0xD8
_FREE: Final = frozenset({*range(0xE0, 0xF0), 0xFE})
_MOST_IN_TABLE: Final = 4096
"""No segment is longer, except for those of free content."""


class JpegScanner:
    """`cut_short` counts incomplete pictures."""

    def __init__(self) -> None:
        self._held = b""
        self._at = 0
        self._in_scan = False
        self.cut_short = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The pictures that are complete now."""
        self._held += data
        found: list[bytes] = []
        while (end := self._next()) is not None:
            found.append(self._held[:end])
            self._restart(end)
        return found

    def _next(self) -> int | None:
        """Where the first picture ends; `None` while it is incomplete."""
        if not self._begin():
            return None
        while (marker := self._marker()) is not None:
            place, kind = marker
            if kind == _END:
                return place + 2
            if kind == _START_AGAIN or not self._skip(place, kind):
                self.cut_short += 1
                # A broken length may have led beyond the beginning of the next picture.
                self._restart(place if kind == _START_AGAIN else len(_START))
                if not self._begin():
                    return None
            elif self._at == place:
                break
        if len(self._held) > MAX_BYTES:
            self.cut_short += 1
            self._restart(len(_START))
        return None

    def _begin(self) -> bool:
        """Drop what comes before a picture."""
        if self._at:
            return True
        place = self._held.find(_START)
        self._held = self._held[place:] if place >= 0 else self._held[-len(_START) + 1 :]
        self._at = 2 if place >= 0 else 0
        return place >= 0

    def _restart(self, place: int) -> None:
        self._held = self._held[place:]
        self._at = 0
        self._in_scan = False

    def _marker(self) -> tuple[int, int] | None:
        if self._in_scan:
            found = _MARKER_IN_SCAN.search(self._held, self._at)
            if found is None:
                self._at = max(self._at, len(self._held) - 1)
                return None
            return found.start(), self._held[found.end() - 1]
        place = self._at
        while self._held[place : place + 2] == b"\xff\xff":
            place += 1
        return (place, self._held[place + 1]) if place + 1 < len(self._held) else None

    def _skip(self, place: int, kind: int) -> bool:
        """Skip a segment once it is complete; `False` where it cannot be a segment."""
        if self._held[place] != 0xFF or kind < 0xC0:
            return False
        self._at = place
        if place + 4 > len(self._held):
            return True
        length = int.from_bytes(self._held[place + 2 : place + 4], "big")
        if length < 2 or (length > _MOST_IN_TABLE and kind not in _FREE):
            return False
        if place + 2 + length <= len(self._held):
            self._at = place + 2 + length
            self._in_scan = kind == _START_OF_SCAN
        elif self._in_scan:
            self._in_scan = False
        return True
