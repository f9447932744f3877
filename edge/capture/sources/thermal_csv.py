"""Plays a recorded thermal sensor from CSV with the columns Time, RT and one for each pixel, P000 to P767."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from itertools import chain, islice
from math import nan
from pathlib import Path
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray

from bus_schemas.event import AFTER_LATEST
from bus_schemas.thermal import COLUMNS, ROWS
from edge.capture.sources.csv_lines import (
    LONGEST_LINE,
    BadLine,
    BadLines,
    bounded_lines,
    encoding_of,
    until_endless,
)
from edge.capture.sources.failure_reasons import Attempt, unreachable
from edge.capture.sources.files import refusal
from edge.capture.sources.source import Pause, SourceEnded, SourceUnreachable, ThermalFrame, without_credentials
from edge.simulation.timeline import TOLERANCE, StreamTimeline
from producer.ids import Clock

SHAPES: Final = {
    rows * columns: (rows, columns)
    for rows, columns in ((8, 8), (12, 16), (ROWS, COLUMNS), (32, 32), (60, 80), (62, 80), (120, 160))
}
"""Rows and columns of a sensor, by its number of pixels."""
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=1)
"""The range of plausible times; some sensors count from 1970. Times far beyond it would overflow."""
LONGEST_GAP_S: Final = 3600.0
LINES_COMPARED: Final = 8
"""At the beginning, for the number of columns: one of them may be torn."""
_SEPARATORS: Final = (";", "\t", "|")
_SHOWN: Final = 80
_PIXEL: Final = re.compile(r"[Pp](?:ixel)?[ _]?\d+$")
"""The name of a column of a pixel."""
_NO_VALUE: Final = frozenset({"-", "--", "---", "na", "n/a", "#n/a", "#na", "null", "none", "missing"})
"""How programs write that there is none."""
_HOTTEST: Final = 10_000.0
"""°C; values beyond it in either direction are not temperatures."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """`seconds` after the recording's first frame; `temperatures` H x W float32, Celsius."""

    seconds: float
    temperatures: NDArray[np.float32]


class ThermalCsvSource:
    """Bad lines are skipped and counted: one torn line must not stop the source."""

    def __init__(self, path: Path, clock: Clock, pause: Pause, *, loop: bool = False, pace: bool = True) -> None:
        self._path = path
        self._shown = without_credentials(str(path))
        self._clock = clock
        self._pause = pause
        self._loop = loop
        self._pace = pace
        self._file: TextIOWrapper | None = None
        self._frames: Iterator[RecordedFrame] = iter(())
        self._timeline = StreamTimeline(clock, checked=pace)
        self._gap = 0.125
        self._previous: float | None = None
        self._sequence = 0
        self._bad = BadLines()
        self._bad_logged = 0

    @property
    def bad_lines(self) -> list[BadLine]:
        """The first lines that were skipped."""
        return self._bad.first

    def open(self) -> None:
        self.close()
        if (why := refusal(self._path)) is not None:
            raise SourceUnreachable(why, self._shown)
        try:
            self._file = self._path.open(encoding=encoding_of(self._path), errors="replace")
        except OSError as error:
            raise unreachable(error, Attempt(str(self._path))) from None
        self._timeline = StreamTimeline(self._clock, checked=self._pace)
        self._rewind(self._file)

    def read(self) -> ThermalFrame:
        if self._file is None:
            raise SourceUnreachable("it is not open", self._shown)
        frame = next(self._frames, None) or self._again(self._file)
        if self._previous is not None and 0 < frame.seconds - self._previous <= LONGEST_GAP_S:
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
        self._log_bad_lines()
        if self._previous is None:
            raise self._holds_none()
        if not self._loop:
            raise SourceEnded(self._shown)
        self._rewind(file)
        frame = next(self._frames, None)
        if frame is None:
            # It was written anew while it was played.
            raise self._holds_none()
        self._timeline.loop(frame.seconds, self._gap)
        return frame

    def _holds_none(self) -> SourceUnreachable:
        why = f" that can be read: {self._bad}" if self._bad.count else ""
        return SourceUnreachable(f"it holds no frame{why}", self._shown)

    def _rewind(self, file: TextIOWrapper) -> None:
        file.seek(0)
        self._previous = None
        self._bad = BadLines()
        self._frames = recorded_frames(bounded_lines(file), self._bad)

    def _log_bad_lines(self) -> None:
        """Log once for each file, and again when there are more."""
        if self._bad.count > self._bad_logged:
            self._bad_logged = self._bad.count
            log.warning("lines left out", file=self._shown, count=self._bad.count, reason=str(self._bad))


def recorded_frames(lines: Iterator[str | None], bad: BadLines) -> Iterator[RecordedFrame]:
    """The frames in order; other lines go to `bad`. A line that is `None` was too long to be read."""
    readable = until_endless(lines, bad)
    first_lines = list(islice(readable, LINES_COMPARED))
    yield from _frames_of(chain(first_lines, readable), _columns_of_most(first_lines), bad)


def _frames_of(lines: Iterator[str | None], columns: int | None, bad: BadLines) -> Iterator[RecordedFrame]:
    first: datetime | None = None
    first_pixel: int | None = None
    is_begun = False
    for number, line in enumerate(lines, start=1):
        if line is not None and _says_nothing(line):
            continue
        try:
            cells, may_name_columns, is_begun = split(line, number), not is_begun, True
            columns = columns or _known_columns(cells)
            named = None if first is not None else _first_pixel(cells)
            if named is not None or (may_name_columns and not cells[0][:1].isdigit()):
                first_pixel = named
                continue
            time, temperatures = parsed(cells, number, columns or ROWS * COLUMNS + 2, first_pixel)
        except BadLine as wrong:
            bad.add(wrong)
            continue
        first = first or time
        yield RecordedFrame((time - first).total_seconds(), temperatures)


def _says_nothing(line: str) -> bool:
    """Whether it is empty, or the line in which a spreadsheet says its separator."""
    return not line.strip() or line.lower().startswith("sep=")


def _first_pixel(names: Sequence[str]) -> int | None:
    """The place of the first column of a pixel, where columns are named; another one may stand at the end."""
    return next((index for index, name in enumerate(names) if _PIXEL.match(name)), None)


def _columns_of_most(lines: Sequence[str | None]) -> int | None:
    """A line that is torn may have as many as one of a smaller sensor, or as one without RT. Of as many lines the
    longer ones are whole.
    """
    found: Counter[int] = Counter()
    for number, line in enumerate(lines, start=1):
        with suppress(BadLine):
            found[_known_columns(split(line, number)) or 0] += 1
    del found[0]
    return max(found, key=lambda columns: (found[columns], columns), default=None)


def _known_columns(cells: Sequence[str]) -> int | None:
    """The number of columns, less those that a separator at the end adds; `None` where there is no such sensor."""
    columns = len(cells)
    while columns and not cells[columns - 1]:
        columns -= 1
    return columns if _pixels_in(columns) else None


def split(line: str | None, number: int) -> list[str]:
    """The cells of a line, for any separator. Commas within a cell are decimal ones."""
    if line is None:
        raise BadLine(f"line {number} is longer than {LONGEST_LINE} characters")
    separator = next((other for other in _SEPARATORS if line.count(other) >= min(SHAPES)), ",")
    if '"' not in line:
        cells = line.split(separator)
    else:
        try:
            cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
        except csv.Error as error:
            raise BadLine(f"line {number}: {error}") from error
    return [cell.strip().replace(",", ".") for cell in cells]


def _pixels_in(columns: int) -> int | None:
    """How many pixels a line of so many columns has; `None` where there is no such sensor."""
    return next((pixels for pixels in (columns - 2, columns - 1) if pixels in SHAPES), None)


def parsed(
    cells: Sequence[str], number: int, columns: int, first_pixel: int | None = None
) -> tuple[datetime, NDArray[np.float32]]:
    """With or without the column RT, which is not used; where nobody named the columns, the pixels are the last ones.
    Returns the time, and H x W float32 in °C; a pixel without a value is not a number.
    """
    count = _pixels_in(columns) or ROWS * COLUMNS
    if len(cells) < columns or any(cells[columns:]):
        raise BadLine(f"line {number} has {len(cells)} columns instead of {columns}")
    time = _moment(cells[0])
    if time is None:
        raise BadLine(f"line {number}: {cells[0][:_SHOWN]!r} is no time such as 2020-01-31 12:00:00.0000")
    begin = columns - count if first_pixel is None else min(first_pixel, columns - count)
    pixels = _numbers(cells[begin : begin + count], number, begin)
    pixels[~(np.abs(pixels) < _HOTTEST)] = np.nan
    return time, pixels.astype(np.float32).reshape(SHAPES[count])


def _numbers(cells: Sequence[str], number: int, begin: int) -> NDArray[np.float64]:
    """Raises `BadLine`."""
    if not any("_" in cell for cell in cells):  # A number in a program may have some.
        with suppress(ValueError):
            return np.array([cell or "nan" for cell in cells], np.float64)
    return np.array([_number(cell, number, column) for column, cell in enumerate(cells, start=begin + 1)])


def _number(cell: str, number: int, column: int) -> float:
    plain = cell.replace("\N{MINUS SIGN}", "-")
    if not plain or plain.lower() in _NO_VALUE:
        return nan
    with suppress(ValueError):
        if "_" not in plain:
            return float(plain)
    raise BadLine(f"line {number}, column {column}: {cell[:_SHOWN]!r} is no number")


def _moment(text: str) -> datetime | None:
    """Only differences are used, so the zone of a time without one does not matter."""
    with suppress(ValueError, OverflowError, OSError):
        time = _written(text)
        return time if EARLIEST <= time < AFTER_LATEST else None
    return None


def _written(text: str) -> datetime:
    with suppress(ValueError):
        time = datetime.fromisoformat(text)
        return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(text), UTC)
