"""Runs tests again that failed beside the other lanes, alone: who failed for want of a processor passes then.

A test that fails twice fails its lane, and so do many at once: what broke them is no want of a processor.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree as Xml

from tools.lanes import PYTEST, TESTS_FAILED, Lane

MOST = 20


def failed_tests(report: Path) -> Iterator[str]:
    """Names of the tests that failed, as pytest takes them."""
    for case in Xml.parse(report).iter("testcase"):  # noqa: S314 - pytest of ours wrote it
        if case.find("failure") is not None or case.find("error") is not None:
            yield f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '')}"


def again(lanes: Sequence[Lane], run: Callable[[Sequence[Lane]], bool]) -> list[str]:
    """Clears `failed` of lanes whose tests pass alone. Returns those tests, for whoever reads the output."""
    judged = [lane for lane in lanes if lane.failed and lane.statuses <= {0, TESTS_FAILED} and lane.report is not None]
    failed = {lane.name: sorted(set(failed_tests(lane.report))) for lane in judged if lane.report is not None}
    if not 0 < len(list(chain(*failed.values()))) <= MOST:
        return []
    passed = []
    for lane in judged:
        names = failed[lane.name]
        if not names:
            continue
        sys.stdout.write(f"--- again, alone: {lane.name}\n")
        sys.stdout.flush()
        alone = Lane(f"{lane.name} again", [(*PYTEST, *names)])
        if run([alone]) or alone.failed:
            continue
        lane.failed = False
        passed += names
    return passed


def unsteady(passed: Sequence[str]) -> str:
    """The end of the output about these tests."""
    return "\n".join(["failed beside the other lanes and passed alone:", *(f"  {name}" for name in passed)])
