"""How processes of the product collect garbage: looking through all packets of an export took a tenth of its time."""

import subprocess
import sys

import pytest

from producer.garbage import THRESHOLDS

SAY = "import gc; print(*gc.get_threshold(), gc.isenabled(), gc.get_freeze_count() > 0)"
A_JOB = f"""
import sys, types
from consumers.job_process import run
def say():
    {SAY}
sys.modules["a_job"] = types.SimpleNamespace(main=say)
run("a_job")
"""


@pytest.mark.processes
@pytest.mark.parametrize("program", [f"import watchpost.__main__; {SAY}", A_JOB], ids=["a command", "a job"])
def test_a_process_seldom_looks_for_garbage(program: str) -> None:
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()

    assert found == [*map(str, THRESHOLDS), "True", "True"]
