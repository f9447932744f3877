import os
import subprocess
import sys

import pytest

from producer.library_threads import LIMITS

_COUNT_THREADS = """
import os, watchpost.__main__, cv2, numpy
cv2.blur(cv2.resize(numpy.zeros((1080, 1920), numpy.uint8), (960, 540)), (3, 3))
print(cv2.getNumThreads(), len(os.listdir("/proc/self/task")))
"""


def threads_of_a_process(**limits: str) -> list[str]:
    environ = {name: value for name, value in os.environ.items() if name not in LIMITS} | limits
    return subprocess.run(
        [sys.executable, "-c", _COUNT_THREADS], env=environ, check=True, capture_output=True, text=True
    ).stdout.split()


@pytest.mark.processes
def test_a_process_that_draws_has_no_threads_of_its_libraries() -> None:
    assert threads_of_a_process() == ["1", "1"]


@pytest.mark.processes
def test_a_limit_that_somebody_has_set_stays() -> None:
    assert threads_of_a_process(OPENCV_FOR_THREADS_NUM="3")[0] == "3"


def test_tests_have_the_limits_of_the_product() -> None:
    assert {name for name in LIMITS if name not in os.environ} == set()
