"""Plays a recorded thermal sensor from CSV with the columns Time, RT and one for each pixel, P000 to P767."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray

from bus_schemas.event import AFTER_LATEST
from bus_schemas.thermal import COLUMNS, ROWS
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
LONGEST_LINE: Final = 262_144
MOST_CHARACTERS: Final = 1_000_000
"""A longer line is not part of a recording, and may never end."""
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=1)
"""The range of plausible times; some sensors count from 1970. Times far beyond it would overflow."""
LONGEST_GAP_S: Final = 3600.0
LINES_COMPARED: Final = 8
"""At the beginning, for the number of columns: one of them may be torn."""
_SEPARATORS: Final = (";", "\t", "|")
_SHOWN: Final = 80
_KEPT: Final = 20
_HOTTEST: Final = 10_000.0
"""°C; values beyond it in either direction are not temperatures."""

log = structlog.get_logger(__name__)


class BadLine(ValueError):
    """A line that is not a frame; the message says which and why."""


@dataclass(slots=True)
class BadLines:
    """The number of skipped lines, and the first of them."""

    count: int = 0
    first: list[BadLine] = field(default_factory=list)

    def add(self, bad: BadLine) -> None:
        self.count += 1
        if len(self.first) < _KEPT:
            self.first.append(bad)

    def __str__(self) -> str:
        others = f"; {self.count - 1} more lines are left out" if self.count > 1 else ""
        return f"{self.first[0]}{others}" if self.first else "no line is left out"


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
            self._file = self._path.open(encoding=_encoding(self._path), errors="replace")
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
    readable = _until_endless(lines, bad)
    first_lines = list(islice(readable, LINES_COMPARED))
    yield from _frames_of(chain(first_lines, readable), _columns_of_most(first_lines), bad)


def _until_endless(lines: Iterator[str | None], bad: BadLines) -> Iterator[str | None]:
    try:
        yield from lines
    except BadLine as endless:
        bad.add(endless)


def _frames_of(lines: Iterator[str | None], columns: int | None, bad: BadLines) -> Iterator[RecordedFrame]:
    first: datetime | None = None
    for number, line in enumerate(lines, start=1):
        try:
            cells = split(line, number)
            columns = columns or _known_columns(cells)
            if number == 1 and not cells[0][:1].isdigit():
                continue
            time, temperatures = parsed(cells, number, columns or ROWS * COLUMNS + 2)
        except BadLine as wrong:
            bad.add(wrong)
            continue
        first = first or time
        yield RecordedFrame((time - first).total_seconds(), temperatures)


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


def _encoding(path: Path) -> str:
    """By its first bytes: a spreadsheet writes UTF-16 as "Unicode text". Raises `OSError`."""
    with path.open("rb") as file:
        mark = file.read(len(codecs.BOM_UTF16))
    return "utf-16" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def bounded_lines(file: TextIOWrapper) -> Iterator[str | None]:
    """`None` for a line that is too long. Raises `BadLine` where a line does not end."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if line.endswith("\n") or len(line) < LONGEST_LINE:
            yield line.rstrip("\n")
        else:
            _skip_rest(file, number)
            yield None


def _skip_rest(file: TextIOWrapper, number: int) -> None:
    skipped = LONGEST_LINE
    while (rest := file.readline(LONGEST_LINE)) and not rest.endswith("\n"):
        skipped += len(rest)
        if skipped > MOST_CHARACTERS:
            raise BadLine(f"line {number} is longer than {MOST_CHARACTERS} characters; what follows it is not read")


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


def parsed(cells: Sequence[str], number: int, columns: int) -> tuple[datetime, NDArray[np.float32]]:
    """With or without the column RT, which is not used. Returns the time, and H x W float32 in °C; a pixel without a
    value is not a number.
    """
    count = _pixels_in(columns) or ROWS * COLUMNS
    if len(cells) < columns or any(cells[columns:]):
        raise BadLine(f"line {number} has {len(cells)} columns instead of {columns}")
    time = _moment(cells[0])
    if time is None:
        raise BadLine(f"line {number}: {cells[0][:_SHOWN]!r} is no time such as 2020-01-31 12:00:00.0000")
    given = [cell or "nan" for cell in cells[columns - count : columns]]
    try:
        pixels = np.array(given, np.float64)
    except ValueError as error:
        raise BadLine(f"line {number}, {_what_is_no_number(given, columns)}") from error
    pixels[~(np.abs(pixels) < _HOTTEST)] = np.nan
    return time, pixels.astype(np.float32).reshape(SHAPES[count])


def _what_is_no_number(given: Sequence[str], columns: int) -> str:
    """The first of the last cells of a line."""
    for column, cell in enumerate(given, start=columns - len(given) + 1):
        try:
            np.float64(cell)
        except ValueError:
            return f"column {column}: {cell[:_SHOWN]!r} is no number"
    return "a cell is no number"


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
