"""Shows progress: bars on a terminal, a line every few seconds elsewhere."""

import time
from collections.abc import Callable
from typing import Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

BAR: Final = 30
BAR_EVERY_S: Final = 0.1
LINE_EVERY_S: Final = 5.0


class _Figures(ProgressColumn):
    """Share, count, rate and time left."""

    def render(self, task: Task) -> Text:
        return Text(_figures(task))


class Bars:
    """One bar for each task. Seconds are those of a monotonic clock."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        console = Console(file=stream, highlight=False)
        self._is_terminal = console.is_terminal
        self._pause = BAR_EVERY_S if self._is_terminal else LINE_EVERY_S
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(BAR),
            _Figures(),
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            get_time=clock,
        )
        self._tasks: dict[str, TaskID] = {}
        self._shown_at: dict[str, float] = {}
        self._drawn: set[str] = set()

    def begin(self, what: str, done: int = 0) -> None:
        """`done` were done before; the rate counts from here on."""
        self._tasks[what] = self._progress.add_task(what, first=done, completed=done)
        self._shown_at[what] = self._clock()

    def update(self, what: str, done: int, of: int) -> None:
        if what not in self._tasks:
            self.begin(what)
        self._progress.update(self._tasks[what], completed=done, total=of)
        now, is_last = self._clock(), done >= of and what in self._drawn
        if now - self._shown_at[what] < self._pause and not is_last:
            return
        self._shown_at[what] = now
        self._drawn.add(what)
        if self._is_terminal:
            self._progress.start()
            self._progress.refresh()
        else:
            task = next(one for one in self._progress.tasks if one.id == self._tasks[what])
            self._stream.write(f"{what}: {_figures(task)}\n")
            self._stream.flush()

    def end(self, what: str) -> None:
        """Remove the bar, and hide the others until their next update, so that lines can be printed."""
        if what in self._tasks:
            self._progress.remove_task(self._tasks.pop(what))
            self._drawn.discard(what)
        if self._progress.live.is_started:
            self._progress.stop()


class Bar:
    """The bar of one task. Call it with how many are done, of how many."""

    def __init__(self, what: str, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._bars = Bars(stream, clock)
        self._bars.begin(what)

    def begin_at(self, done: int) -> None:
        """Set how many were done before."""
        self._bars.end(self._what)
        self._bars.begin(self._what, done)

    def __call__(self, done: int, of: int) -> None:
        self._bars.update(self._what, done, of)

    def end(self) -> None:
        self._bars.end(self._what)


def _figures(task: Task) -> str:
    return figures(int(task.completed), int(task.total or 0), task.elapsed or 0.0, int(task.fields["first"]))


def figures(done: int, of: int, seconds: float, first: int = 0) -> str:
    rate = (done - first) / seconds if seconds > 0 else 0.0
    left = f", {_duration((of - done) / rate)} left" if rate and done < of else ""
    share = 100 * done // of if of else 100
    return f"{share} %, {done:,} of {of:,}, {rate:,.0f} a second{left}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
