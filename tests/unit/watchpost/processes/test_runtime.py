"""How a process is set up."""

import subprocess
import sys

import pytest

from watchpost.processes.runtime import take_short_turns


def test_a_process_that_somebody_waits_for_hands_the_interpreter_on_after_a_millisecond() -> None:
    before = sys.getswitchinterval()
    try:
        take_short_turns()
        assert sys.getswitchinterval() <= 0.001
    finally:
        sys.setswitchinterval(before)


@pytest.mark.processes
def test_a_low_limit_of_descriptors_is_raised_as_far_as_the_system_lets_it() -> None:
    program = (
        "import resource\n"
        "from watchpost.processes.runtime import raise_descriptor_limit\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, 700))\n"
        "raise_descriptor_limit()\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )

    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "(700, 700)\n"
