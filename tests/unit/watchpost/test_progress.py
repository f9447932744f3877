"""How somebody who waits is told: a bar on a terminal, plain lines elsewhere."""

import io

from watchpost.progress import Bar, told


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_rate_and_time_left_are_told() -> None:
    assert told("health", 250_000, 1_000_000, 5.0) == ("health: 25 %, 250,000 of 1,000,000, 50,000 a second, 15 s left")
    assert told("health", 10, 36_010, 1.0).endswith("10 a second, 1 h 0 min left")
    assert told("health", 10, 910, 1.0).endswith("10 a second, 1 min 30 s left")
    assert told("health", 10, 10, 1.0) == "health: 100 %, 10 of 10, 10 a second"
    assert told("health", 0, 0, 0.0) == "health: 100 %, 0 of 0, 0 a second"


def test_a_terminal_sees_one_line_that_is_drawn_again() -> None:
    terminal, clock = Terminal(), Clock()
    bar = Bar("health", terminal, clock)
    clock.now += 1
    bar(50, 100)
    bar(51, 100)
    clock.now += 1
    bar(100, 100)
    bar.end()

    drawn = terminal.getvalue().split("\r\x1b[K")
    assert drawn == [
        "",
        "[###############...............] health: 50 %, 50 of 100, 50 a second, 1 s left",
        "[##############################] health: 100 %, 100 of 100, 50 a second",
        "",
    ]


def test_a_file_gets_a_line_now_and_then() -> None:
    file, clock = io.StringIO(), Clock()
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
