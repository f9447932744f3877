"""Demuxes loaded segments as runs: segments whose timestamps go on from one to the next are read as one stream."""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

import av
from av.container import InputContainer

from consumers.upkeep.exports.footage import HOLE_S, TRANSPORT_STREAM, LoadedSegment
from consumers.upkeep.exports.sound_form import sound_form

READ_BYTES: Final = 1 << 18
"""Bytes that a demuxer reads at once: with the usual 32 kB it spends a quarter of its time on reads."""


class Run:
    """A file of the segments that follow each other without a break; what is read of it is not kept.

    `taken` are the segments of which bytes were read so far. All of them have one sound, or none: a demuxer learns of
    sound at the beginning.
    """

    def __init__(self, first: LoadedSegment, source: "RunSource") -> None:
        self.content_type = first.content_type
        self.sound = sound_form(first.body)
        self.taken = [first.without_body]
        self._source = source
        self._buffer = BytesIO(first.body)
        self._offsets = [0.0]
        """Where each segment begins in the time of the stream, in seconds after the first."""

    def read(self, size: int) -> bytes:
        while not (chunk := self._buffer.read(size)):
            following = self._source.continuation(self)
            if following is None:
                return b""
            self._offsets.append(self._offsets[-1] + self.taken[-1].row.duration_s)
            self.taken.append(following.without_body)
            self._buffer = BytesIO(following.body)
        return chunk

    def locate(self, stream_s: float) -> tuple[int, float]:
        """In which of its segments a time of the stream is, counted from its first picture, and which moment it is, in
        seconds since 1970.
        """
        place = max(0, bisect_right(self._offsets, stream_s + 1e-4) - 1)
        return place, self.taken[place].row.start + stream_s - self._offsets[place]

    def places(self) -> list[tuple[float, LoadedSegment]]:
        """Its segments, each with the time of the stream at which it begins."""
        return list(zip(self._offsets, self.taken, strict=True))

    @contextmanager
    def opened(self) -> Iterator[InputContainer]:
        """Raises `av.FFmpegError` where it is no recording."""
        is_stream = self.content_type == TRANSPORT_STREAM
        file: Any = self if is_stream else self._buffer
        with av.open(file, "r", format="mpegts" if is_stream else None, buffer_size=READ_BYTES) as container:
            yield container

    def finish(self) -> None:
        """Read what is left of it, so that the next run begins behind it."""
        while self.read(1 << 20):
            pass


class RunSource:
    """Hands out one run after the other."""

    def __init__(self, segments: Iterator[LoadedSegment]) -> None:
        self._segments = segments
        self._next: LoadedSegment | None = None
        self.lost: list[LoadedSegment] = []
        """Those whose bytes are gone or damaged."""

    def __iter__(self) -> Iterator[Run]:
        while (first := self._peek()) is not None:
            self._next = None
            run = Run(first, self)
            yield run
            run.finish()

    def continuation(self, run: Run) -> LoadedSegment | None:
        """The segment that goes on with this run, if the next one does."""
        following = self._peek(breaks=True)
        if following is None or not _continues(run, following):
            return None
        self._next = None
        return following

    def _peek(self, *, breaks: bool = False) -> LoadedSegment | None:
        """The next intact segment; `breaks` where one that is lost ends the run."""
        lost = len(self.lost)
        while self._next is None:
            found = next(self._segments, None)
            if found is None:
                return None
            if found.found == "intact":
                self._next = found
            else:
                self.lost.append(found)
        return None if breaks and len(self.lost) > lost else self._next


def _continues(run: Run, after: LoadedSegment) -> bool:
    before = run.taken[-1]
    if after.row.discontinuity or {before.content_type, after.content_type} != {TRANSPORT_STREAM}:
        return False
    if after.row.codec != before.row.codec or abs(after.row.start - before.row.end) > HOLE_S:
        return False
    return sound_form(after.body) in (None, run.sound)
