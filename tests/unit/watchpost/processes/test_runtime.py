"""How a process is set up."""

import sys

from watchpost.processes.runtime import take_short_turns


def test_a_process_that_somebody_waits_for_hands_the_interpreter_on_after_a_millisecond() -> None:
    before = sys.getswitchinterval()
    try:
        take_short_turns()
        assert sys.getswitchinterval() <= 0.001
    finally:
        sys.setswitchinterval(before)
