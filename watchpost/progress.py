"""Tells somebody who waits how far the work is: a bar on a terminal, now and then a line elsewhere."""

import time
from collections.abc import Callable
from typing import Final, TextIO

BAR: Final = 30
BAR_SECONDS: Final = 0.1
LINE_SECONDS: Final = 5.0


class Bar:
    """Called with how many are done, of how many. Seconds are those of a monotonic clock."""

    def __init__(self, what: str, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._stream = stream
        self._clock = clock
        self._is_terminal = stream.isatty()
        self._pause = BAR_SECONDS if self._is_terminal else LINE_SECONDS
        self._began = self._told_at = clock()
        self._drawn = False
        self._first = 0

    def begin_at(self, done: int) -> None:
        """Say how many were done before: the rate is that of what is done from here on."""
        self._first, self._began = done, self._clock()

    def __call__(self, done: int, of: int) -> None:
        now = self._clock()
        if now - self._told_at < self._pause and not (done >= of and self._drawn):
            return
        self._told_at = now
        self._drawn = True
        text = told(self._what, done, of, now - self._began, self._first)
        if self._is_terminal:
            full = BAR * done // of if of else BAR
            self._stream.write(f"\r\x1b[K[{'#' * full}{'.' * (BAR - full)}] {text}")
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the line of the bar."""
        if self._drawn and self._is_terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
        self._drawn = False


def told(what: str, done: int, of: int, seconds: float, first: int = 0) -> str:
    rate = (done - first) / seconds if seconds > 0 else 0.0
    left = f", {_duration((of - done) / rate)} left" if rate and done < of else ""
    share = 100 * done // of if of else 100
    return f"{what}: {share} %, {done:,} of {of:,}, {rate:,.0f} a second{left}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
