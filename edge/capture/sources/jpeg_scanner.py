"""Finds JPEG pictures in a stream of bytes.

Cameras that send JPEG after JPEG wrap them in MIME parts, and many get that wrong: lengths that are not true, parts
that are empty or something else, boundaries that differ from the announced ones. The end of a JPEG is marked in itself.
"""

import re
from typing import Final

MAX_BYTES: Final = 32_000_000
MIN_BYTES: Final = 100
_START: Final = b"\xff\xd8\xff"
_MARKER_IN_SCAN: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_START_OF_SCAN: Final = 0xDA
_END: Final = 0xD9
_OUT_OF_PLACE: Final = frozenset({0xD8, _END})
"""The beginning of another picture, or the end of none."""
_FREE: Final = frozenset({*range(0xE0, 0xF0), 0xFE})
_FILL: Final = re.compile(rb"\xff*(?=\xff)")
_MOST_IN_TABLE: Final = 4096
"""No segment is longer, except for those of free content."""
MARKERS: Final = 1000
BYTES_PER_MARKER: Final = 200
"""Where one read has more markers than these two allow, the rest of it is noise."""


class JpegScanner:
    """`cut_short` counts incomplete pictures. The work is bounded by the number of bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._start = 0
        """Where the first picture begins, once one has begun."""
        self._at = 0
        """How far it was read; 0 before one has begun."""
        self._segment = 0
        """Where its last segment begins."""
        self._in_scan = False
        self._markers_left = MARKERS
        self.cut_short = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The pictures that are complete now."""
        self._held += data
        self._markers_left = MARKERS + len(data) // BYTES_PER_MARKER
        found: list[bytes] = []
        while (end := self._next()) is not None:
            found.append(bytes(self._held[self._start : end]))
            self._restart(end)
        self._drop_read()
        return found

    def _next(self) -> int | None:
        """Where the first picture ends; `None` while it is incomplete."""
        if not self._begin():
            return None
        while (marker := self._marker()) is not None:
            place, kind = marker
            self._markers_left -= 1
            if self._markers_left <= 0:
                self._cut(len(self._held))
                return None
            if kind == _END and place - self._start >= MIN_BYTES:
                return place + 2
            if not self._pass(place, kind):
                break
        if len(self._held) - self._start > MAX_BYTES:
            self._cut(len(self._held))
        return None

    def _pass(self, place: int, kind: int) -> bool:
        """Pass over a segment, or what is none; `False` where nothing more can be read of what is here."""
        if kind not in _OUT_OF_PLACE and self._skip(place, kind):
            return self._at != place
        # Only the length of the last segment can have led beyond the beginning of the next picture.
        self._cut(place if kind in _OUT_OF_PLACE else self._segment + 2)
        return self._begin()

    def _cut(self, place: int) -> None:
        """Give up the first picture, and look for the next one from `place` on."""
        self.cut_short += 1
        self._restart(place)

    def _begin(self) -> bool:
        """Pass over what comes before a picture."""
        if self._at:
            return True
        place = self._held.find(_START, self._start)
        if place < 0:
            self._start = max(self._start, len(self._held) - len(_START) + 1)
            return False
        self._start = self._segment = place
        self._at = place + 2
        return True

    def _restart(self, place: int) -> None:
        self._start = place
        self._at = 0
        self._in_scan = False

    def _drop_read(self) -> None:
        del self._held[: self._start]
        self._segment -= self._start
        self._at = self._at - self._start if self._at else 0
        self._start = 0

    def _marker(self) -> tuple[int, int] | None:
        if self._in_scan:
            found = _MARKER_IN_SCAN.search(self._held, self._at)
            if found is None:
                self._at = max(self._at, len(self._held) - 1)
                return None
            return found.start(), self._held[found.end() - 1]
        if fill := _FILL.match(self._held, self._at):
            self._at = fill.end()
        return (self._at, self._held[self._at + 1]) if self._at + 1 < len(self._held) else None

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
            self._segment = place
            self._at = place + 2 + length
            self._in_scan = kind == _START_OF_SCAN
        elif self._in_scan:
            self._in_scan = False
        return True
