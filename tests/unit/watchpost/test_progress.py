"""How somebody who waits is told: a bar on a terminal, plain lines elsewhere."""

import io
import re

import pytest

from tests.settable_clock import SettableClock
from watchpost.progress import Bar, Bars, figures


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """rich asks the environment what a terminal can do."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")


def test_rate_and_time_left_are_told() -> None:
    assert figures(250_000, 1_000_000, 5.0) == "25 %, 250,000 of 1,000,000, 50,000 a second, 15 s left"
    assert figures(10, 36_010, 1.0).endswith("10 a second, 1 h 0 min left")
    assert figures(10, 910, 1.0).endswith("10 a second, 1 min 30 s left")
    assert figures(10, 10, 1.0) == "100 %, 10 of 10, 10 a second"
    assert figures(0, 0, 0.0) == "100 %, 0 of 0, 0 a second"


def lines_of(terminal: Terminal) -> list[str]:
    """What was drawn, without what moves the cursor and chooses colours."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    return [line.strip() for line in re.split(r"[\r\n]+", plain) if line.strip()]


def test_a_terminal_sees_a_bar_that_is_drawn_again_and_then_is_gone() -> None:
    terminal, clock = Terminal(), SettableClock(100.0)
    bar = Bar("health", terminal, clock)
    clock.now += 1
    bar(50, 100)
    bar(51, 100)
    clock.now += 1
    bar(100, 100)
    bar.end()

    drawn = lines_of(terminal)
    assert [line.split("━ ", 1)[1] for line in dict.fromkeys(drawn)] == [
        "50 %, 50 of 100, 50 a second, 1 s left",
        "100 %, 100 of 100, 50 a second",
    ]
    assert all(line.startswith("health ━") for line in drawn)
    assert "\r\x1b[2K" in terminal.getvalue().rsplit("a second", 1)[1]


def test_pieces_of_work_at_once_have_a_bar_each() -> None:
    terminal, clock = Terminal(), SettableClock(100.0)
    bars = Bars(terminal, clock)
    for part in ("journal", "media"):
        bars.update(part, 0, 10)
    clock.now += 1
    bars.update("journal", 5, 10)
    bars.update("media", 2, 10)
    bars.end("journal")
    clock.now += 1
    bars.update("media", 4, 10)

    last = lines_of(terminal)
    assert {line.split()[0] for line in last} == {"journal", "media"}
    assert last[-1].startswith("media ")
    assert last[-1].endswith("40 %, 4 of 10, 2 a second, 3 s left")


def test_a_file_gets_a_line_now_and_then() -> None:
    file, clock = io.StringIO(), SettableClock(100.0)
    bar = Bar("health", file, clock)
    for done in range(11):
        bar(done, 100)
        clock.now += 1

    assert file.getvalue() == (
        "health: 5 %, 5 of 100, 1 a second, 1 min 35 s left\nhealth: 10 %, 10 of 100, 1 a second, 1 min 30 s left\n"
    )


def test_what_ends_at_once_says_nothing() -> None:
    file = io.StringIO()
    Bar("health", file)(10, 10)

    assert file.getvalue() == ""
