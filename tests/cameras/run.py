"""Runs an agent on a good camera and on cases by name, and says what was recorded of each.

python -m tests.cameras.run --seconds 40 sound_late h265
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.cameras.agent import Result, running_agent, watch
from tests.cameras.case import Case
from tests.cameras.cases import GOOD, GOOD_CASE, GROUPS
from tests.cameras.judge import faults, sent
from tests.cameras.server import Cameras


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="cases or groups; all for none")
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, (lines, is_well) in run(chosen(asked.names), asked.seconds, Path(folder)).items():
            failed += not is_well
            sys.stdout.write(f"{'ok  ' if is_well else 'FAIL'} {name}: {lines}\n")
    return 1 if failed else 0


def chosen(names: list[str]) -> dict[str, Case]:
    every = {name: case for group in GROUPS.values() for name, case in group.items()}
    cases = {} if names else dict(every)
    for name in names:
        cases |= GROUPS.get(name) or {name: every[name]}
    return cases


def run(cases: dict[str, Case], seconds: float, folder: Path) -> dict[str, tuple[str, bool]]:
    """By case and for the good camera, what was recorded and whether it is what is asked for."""
    cases = {GOOD: GOOD_CASE, **cases}
    with Cameras(cases) as cameras:
        with running_agent(cases, cameras, folder) as agent:
            watch(agent, seconds)
            cameras.hold()
            ended = agent.process.poll()
        results = agent.results()
        if ended is not None:
            sys.stdout.write(f"the agent ended with {ended}:\n{agent.log.read_text()[-3000:]}\n")
        return {name: _row(name, case, results.get(name, Result()), cameras) for name, case in cases.items()}


def _row(name: str, case: Case, result: Result, cameras: Cameras) -> tuple[str, bool]:
    seen = sent(case, cameras, name, result)
    wrong = list(faults(case, result, seen))
    last = result.health
    figures = (
        f"{result.pictures}/{seen.pictures} pictures, {result.recorded_s:.1f} s in {len(result.segments)} segments, "
        f"hole {result.longest_hole_s:.2f} s, {seen.sessions} sessions, {last.get('status')} {last.get('reason')!r}"
    )
    return "; ".join([figures, *wrong]), not wrong


if __name__ == "__main__":
    sys.exit(main())
