"""The lanes of `./dev test`: what runs side by side, how it is stopped, and what took longest in it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import IO
from xml.etree import ElementTree as Xml

PYTEST = (sys.executable, "-m", "pytest")
LONG_TURNS = (sys.executable, "-m", "tools.long_turns")
FOLDERS = {
    "unit": ("tests/unit",),
    "edge": ("tests/unit/edge",),
    "consumers": ("tests/unit/consumers",),
    "contract": ("tests/contract",),
    "gateway": ("tests/integration/gateway",),
    "integration": ("tests/integration",),
    "hub": ("tests/integration/consumers",),
    "cold storage": ("tests/integration/cold_storage",),
    "faults": ("tests/faults",),
    "end to end": ("tests/end_to_end",),
    # Playwright's loop bears no other loop in its process.
    "browser": ("tests/browser",),
}
"""By lane: each is a process that collects what it runs. Processes that share all tests each collect all of them.

What computes takes 65 to 150 s in each, so that the last of them does not compute alone; what waits for processes and
servers most of its time, as those of the hub and of cold storage do, waits beside the others.
"""
# What lasts as long as it lasts, because cameras, links and stops take real time: it waits beside the others.
REAL_TIME = (
    "tests/end_to_end/test_up.py",
    "tests/end_to_end/test_misbehaving_cameras.py",
    "tests/integration/gateway/test_process.py",
    "tests/integration/edge/test_rtsp.py",
    "tests/faults/test_catch_up.py",
    *(f"tests/integration/test_{name}.py" for name in ("agent_hanging", "agent_isolation", "agent_stops", "slow_link")),
)
QUICK = ("consumers", "edge", "unit", "contract")
NICE_IN_QUICK = {"consumers": 0, "page": 3, "lint": 3, "edge": 5, "unit": 8, "contract": 10}
"""The longest has the machine first, or it would compute alone at the end."""

NICE = {
    "real time": 0,
    "end to end": 5,
    "browser": 5,
    "hub": 13,
    "cold storage": 13,
    "gateway": 11,
    "contract": 14,
    "faults": 16,
    "consumers": 17,
    "unit": 17,
    "edge": 17,
    "lint": 19,
    "page": 19,
}
WAITING = {"real time", "end to end", "browser", "hub", "cold storage", "faults"}
"""Lanes of products, cameras and servers: who waits for one is to have it soon."""
COMPUTING = 15
"""Tests that take real time have the machine first, and then the product, which gives its views ten levels less:
behind tests that only compute they would stand still. Those take what is left, the longest of them first, or they would
be alone at the end.
"""
SLOWEST = 15
TESTS_FAILED = 1
"""With which pytest ends when tests failed, and for no other reason."""
CPU_S = "cpu_s"
"""The property under which a test reports what it computed: see `tests/conftest.py`."""


@dataclass
class Cost:
    took_s: float = 0.0
    cpu_s: float = 0.0


@dataclass
class Lane:
    """Commands that run one after the other; all of them run, also after one that fails."""

    name: str
    commands: Sequence[Sequence[str]]
    report: Path | None = None
    """Where pytest writes how long each test took."""
    failed: bool = False
    statuses: set[int] = field(default_factory=set)
    """With which its commands ended."""
    took_s: float = 0.0
    cpu_s: float = 0.0
    """The processor time of its processes, of those that somebody waited for."""
    log: IO[bytes] | None = None
    """`None` for the lane that is watched."""
    running: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def run(self, stopping: threading.Event) -> None:
        began = time.monotonic()
        for command in self.commands:
            if stopping.is_set():
                self.failed = True
                break
            errors = None if self.log is None else subprocess.STDOUT
            # A group of its own: it is ended as a whole, and once.
            self.running = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=errors, process_group=0
            )
            self.failed |= self._end(self.running) != 0
        self.took_s = time.monotonic() - began

    def _end(self, running: subprocess.Popen[bytes]) -> int:
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s += usage.ru_utime + usage.ru_stime
        self.statuses.add(running.returncode)
        return running.returncode

    def stop(self) -> None:
        """End it as Ctrl-C would, so that what the tests have started ends with them."""
        if self.running is not None and self.running.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGINT)


def tests(name: str, folder: Path, *arguments: str, before: Sequence[str]) -> Lane:
    report, written = folder / f"{name}.xml", folder / name.replace(" ", "_")
    return Lane(name, [(*before, *PYTEST, f"--junitxml={report}", f"--basetemp={written}", *arguments)], report)


def nice(name: str) -> tuple[str, ...]:
    before = ("nice", "-n", str(NICE.get(name, COMPUTING)))
    return before if name in WAITING else (*before, *LONG_TURNS)


def nice_in_quick(name: str) -> tuple[str, ...]:
    return ("nice", "-n", str(NICE_IN_QUICK[name]), *LONG_TURNS)


def checks(before: Callable[[str], Sequence[str]] = lambda name: ()) -> list[Lane]:
    return [
        Lane("lint", [(*before("lint"), "./dev", "lint")]),
        Lane("page", [(*before("page"), "npm", "--prefix", "gateway/web", "run", "--silent", "check")]),
    ]


def quick(folder: Path, arguments: Sequence[str]) -> list[Lane]:
    """The first lane is the one that is watched; with arguments, which may choose few tests, it has all of them."""
    few = ("-m", "not processes and not thorough", "--hypothesis-profile=quick", *arguments)
    if arguments:
        return [tests("tests", folder, *chain(*(FOLDERS[name] for name in QUICK)), *few, before=()), *checks()]
    lanes = (tests(name, folder, *_paths(name), *few, before=nice_in_quick(name)) for name in QUICK)
    return [*lanes, *checks(nice_in_quick)]


def everything(folder: Path) -> list[Lane]:
    lanes = [tests(name, folder, *_paths(name), before=nice(name)) for name in FOLDERS]
    return [*lanes, *checks(nice), tests("real time", folder, *REAL_TIME, before=nice("real time"))]


def _paths(name: str) -> Iterator[str]:
    """The tests of a lane, without those within that other lanes run."""
    of_lane = FOLDERS[name]
    of_others = (*chain(*FOLDERS.values()), *REAL_TIME)
    yield from of_lane
    yield from (f"--ignore={one}" for one in of_others if any(one.startswith(f"{path}/") for path in of_lane))


def run(lanes: Sequence[Lane]) -> bool:
    """Until all have ended; whether somebody has stopped them. The first one's output is seen as it comes."""
    stopping = threading.Event()
    threads = [threading.Thread(target=lane.run, args=(stopping,)) for lane in lanes]
    with _stopping(lanes, stopping):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return stopping.is_set()


@contextmanager
def _stopping(lanes: Sequence[Lane], stopping: threading.Event) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()
        for lane in lanes:
            lane.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def durations(reports: Iterable[Path]) -> dict[str, Cost]:
    """The time of each test, its parameters together, with what was made ready for it."""
    costs: defaultdict[str, Cost] = defaultdict(Cost)
    for report in reports:
        for case in Xml.parse(report).iter("testcase"):  # noqa: S314 - pytest of ours wrote it
            module, name = case.get("classname", ""), case.get("name", "").partition("[")[0]
            cost = costs[f"{module.replace('.', '/')}.py::{name}"]
            cost.took_s += float(case.get("time", "0"))
            cost.cpu_s += sum(float(each.get("value", "0")) for each in case.findall(f"properties/*[@name='{CPU_S}']"))
    return costs


def summary(lanes: Sequence[Lane]) -> str:
    costs = durations(lane.report for lane in lanes if lane.report is not None and lane.report.exists())
    by_lane = ", ".join(f"{lane.name} {lane.took_s:.0f} s" for lane in lanes)
    by_cpu = ", ".join(f"{lane.name} {lane.cpu_s:.0f} s" for lane in lanes)
    failed = ", ".join(lane.name for lane in lanes if lane.failed)
    return "\n".join(
        [
            "what took longest, and what it computed meanwhile:",
            *_most(costs, lambda cost: cost.took_s),
            "what computed most:",
            *_most(costs, lambda cost: cost.cpu_s),
            f"side by side: {by_lane}",
            f"computed: {by_cpu}, together {sum(lane.cpu_s for lane in lanes):.0f} s",
            f"failed, see above: {failed}" if failed else "all passed",
        ]
    )


def _most(costs: Mapping[str, Cost], of: Callable[[Cost], float]) -> Iterator[str]:
    for name, cost in sorted(costs.items(), key=lambda item: -of(item[1]))[:SLOWEST]:
        yield f"  {cost.took_s:6.1f} s {cost.cpu_s:6.1f} s  {name}"


def shown(lane: Lane) -> bytes:
    assert lane.log is not None
    lane.log.seek(0)
    return f"--- {lane.name}\n".encode() + lane.log.read()
