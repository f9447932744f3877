"""A recorded thermal sensor: CSV with the columns Time, RT and P000 to P767, row by row."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.sources.source import Pause, SourceEnded, SourceUnreachable, ThermalFrame
from edge.sources.timeline import TOLERANCE, Timeline
from producer.ids import Clock

PIXELS: Final = 768
_FORMAT: Final = "%Y-%m-%d %H:%M:%S.%f"


class BadLine(ValueError):
    """A line that is no frame; the message says which and why."""


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """`seconds` after the recording's first frame; `temperatures` 24 x 32 float32, Celsius."""

    seconds: float
    temperatures: NDArray[np.float32]


class ThermalCsvSource:
    """Bad lines are left out and kept in `bad_lines`: one torn line is no reason to be blind."""

    def __init__(self, path: Path, clock: Clock, pause: Pause, *, loop: bool = False, pace: bool = True) -> None:
        self._path = path
        self._clock = clock
        self._pause = pause
        self._loop = loop
        self._pace = pace
        self._file: TextIOWrapper | None = None
        self._frames: Iterator[RecordedFrame] = iter(())
        self._timeline = Timeline(clock, checked=pace)
        self._gap = 0.125
        self._previous: float | None = None
        self._sequence = 0
        self.bad_lines: list[BadLine] = []

    def open(self) -> None:
        self.close()
        try:
            self._file = self._path.open(newline="", encoding="utf-8")
        except OSError as error:
            raise SourceUnreachable(f"{self._path}: {error.strerror}") from error
        self._timeline = Timeline(self._clock, checked=self._pace)
        self._rewind(self._file)

    def read(self) -> ThermalFrame:
        if self._file is None:
            raise SourceUnreachable(f"{self._path} is not open")
        frame = next(self._frames, None)
        if frame is None:
            frame = self._again(self._file)
        if self._previous is not None and frame.seconds > self._previous:
            self._gap = frame.seconds - self._previous
        self._previous = frame.seconds
        time = self._timeline.time(frame.seconds)
        early = (time - self._clock()).total_seconds()
        if self._pace and early > 0:
            self._pause(min(early, TOLERANCE.total_seconds()))
        self._sequence += 1
        return ThermalFrame(time, self._sequence, frame.temperatures)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _again(self, file: TextIOWrapper) -> RecordedFrame:
        if not self._loop or self._sequence == 0:
            raise SourceEnded(str(self._path))
        self._rewind(file)
        frame = next(self._frames)
        self._timeline.loop(frame.seconds, self._gap)
        return frame

    def _rewind(self, file: TextIOWrapper) -> None:
        file.seek(0)
        self._previous = None
        self.bad_lines.clear()
        self._frames = recorded_frames(csv.reader(file), self.bad_lines)


def recorded_frames(lines: Iterator[Sequence[str]], bad: list[BadLine]) -> Iterator[RecordedFrame]:
    """The frames in order; what is no frame goes to `bad`."""
    first: datetime | None = None
    for number, cells in enumerate(lines, start=1):
        if number == 1 and cells[:1] == ["Time"]:
            continue
        try:
            time, temperatures = parsed(cells, number)
        except BadLine as wrong:
            bad.append(wrong)
            continue
        first = first or time
        yield RecordedFrame((time - first).total_seconds(), temperatures)


def parsed(cells: Sequence[str], number: int) -> tuple[datetime, NDArray[np.float32]]:
    if len(cells) != PIXELS + 2:
        raise BadLine(f"line {number} has {len(cells)} columns instead of {PIXELS + 2}")
    time: datetime | None = None
    with suppress(ValueError):
        time = datetime.strptime(cells[0], _FORMAT)  # noqa: DTZ007  (only differences of these local times are used)
    if time is None:
        raise BadLine(f"line {number}: {cells[0]!r} is no time such as 2020-01-31 12:00:00.0000")
    try:
        return time, np.array(cells[2:], np.float32).reshape(24, 32)
    except ValueError as wrong:
        raise BadLine(f"line {number}: {wrong}") from wrong
