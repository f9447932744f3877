"""Runs scenarios from seeds and says what was lost, doubled or different: `python -m tests.faults.run --runs 20`."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from tests.faults import disks
from tests.faults.check import Expected, Verdict, check
from tests.faults.hostile import run as hostile
from tests.faults.parts import forks
from tests.faults.rig import Rig
from tests.faults.scenarios.scenario import Scenario
from tests.faults.scenarios.table import SCENARIOS

BLOCK = 10_000
"""Seeds of a round: round `n` of a scenario has seed `seed * BLOCK + n`, so that rounds never share one."""


@dataclass(frozen=True)
class Outcome:
    """What came of one seed."""

    scenario: str
    seed: int
    seconds: float
    faults: int
    verdict: Verdict
    notes: list[str] = field(default_factory=list)
    skipped: str = ""

    def json(self) -> str:
        return json.dumps(asdict(self))

    def line(self) -> str:
        head = f"{self.scenario:<18} seed={self.seed:<6}"
        if self.skipped:
            return f"{head} skipped: {self.skipped}"
        v = self.verdict
        gaps = "".join(f" {cause}={count}" for cause, count in sorted(v.gaps.items()))
        return (
            f"{head} faults={self.faults:<2} events={v.events} media={v.media} lost={v.lost} doubled={v.doubled}"
            f" different={v.different}{gaps} {self.seconds:.0f} s"
        )


def run_one(name: str, seed: int, root: Path) -> Outcome:
    """One rig, from its start to the verdict, in an empty directory."""
    scenario = SCENARIOS[name]
    began = time.monotonic()
    with ExitStack() as stack:
        try:
            _mount(scenario, root, stack)
        except disks.NoDisk as missing:
            return Outcome(name, seed, 0.0, 0, Verdict(), skipped=str(missing))
        rig = Rig(root, seed, scenario.setup, forks())
        stack.callback(rig.abandon)
        rig.start()
        scenario.act(rig)
        rig.drain()
        rig.end()
        verdict = check(rig.hub, _expected(rig, scenario))
        if scenario.setup.warehouse and (words := rig.rows_differ()):
            verdict.differ(1, words)
    _judge_ends(rig, scenario, verdict)
    return Outcome(name, seed, time.monotonic() - began, rig.faults, verdict, rig.notes)


def _mount(scenario: Scenario, root: Path, stack: ExitStack) -> None:
    setup = scenario.setup
    sizes = {"node": setup.node_disk_mb, "hub": setup.hub_disk_mb, "hub/data/warehouse": setup.warehouse_disk_mb}
    for folder, megabytes in sizes.items():
        (root / folder).mkdir(parents=True)
        if megabytes is not None:
            disks.mount(root / folder, megabytes)
            stack.callback(disks.unmount, root / folder)


def _expected(rig: Rig, scenario: Scenario) -> Expected:
    ledger = rig.node.ledger.read_text().split()
    return Expected(
        ledger=ledger,
        foreign=rig.foreigner.seen if scenario.keeps_foreign else (),
        outboxes=list(rig.outboxes()),
        causes=scenario.causes,
        rejected=scenario.rejected,
    )


def _judge_ends(rig: Rig, scenario: Scenario, verdict: Verdict) -> None:
    """A part that ended by itself, or a drain that did not end, is a difference even where nothing is lost by it."""
    for part in rig.parts:
        if part.ended and part.name not in scenario.may_end:
            verdict.differ(len(part.ended), f"{part.name} ended by itself with {part.ended}; see {part.log}")
    for note in rig.notes:
        if "not within" in note or "did not end" in note:
            verdict.differ(1, note)


def run_all(names: list[str], runs: int, seed: int, say: Callable[[str], None], keep: Path | None) -> Iterator[Outcome]:
    """`runs` rigs, one scenario after another; a failing one leaves its files where `keep` says."""
    for number in range(runs):
        name = names[number % len(names)]
        one_seed = seed + number // len(names)
        root = Path(tempfile.mkdtemp(prefix=f"fault-{name}-{one_seed}-"))
        try:
            outcome = run_one(name, one_seed, root)
            say(outcome.line())
            if not outcome.verdict.fine:
                _say_failure(outcome, say)
                if keep is not None:
                    shutil.copytree(root, keep / root.name, ignore_dangling_symlinks=True, symlinks=True)
            yield outcome
        finally:
            shutil.rmtree(root, ignore_errors=True)


def _say_failure(outcome: Outcome, say: Callable[[str], None]) -> None:
    for words in (*outcome.verdict.words[:12], *outcome.notes):
        say(f"    {words}")
    say(f"  again with: ./dev faults --runs 1 --seed {outcome.seed} --scenario {outcome.scenario}")


def main(
    runs: Annotated[int, typer.Option(min=1, help="How many rigs; the scenarios take turns.")] = len(SCENARIOS),
    seed: Annotated[int, typer.Option(help="The first seed; each turn of all scenarios takes the next.")] = 1,
    scenario: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    results: Annotated[Path | None, typer.Option("--json", help="One line of JSON a run is added here.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Where the files of failing runs go.")] = None,
    beside: Annotated[
        bool, typer.Option("--hostile", help="Whole products, with a good site beside hostile participants.")
    ] = False,
    participant: Annotated[
        list[str] | None, typer.Option(help="With --hostile, only this one; may be repeated.")
    ] = None,
) -> None:
    """Break the product in seeded ways and count what is lost, doubled or different; exit 1 when anything is."""
    if beside:
        sys.exit(_run_hostile(runs, seed, participant or [], results, keep))
    names = scenario or [name for name, one in SCENARIOS.items() if not one.full]
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        raise typer.BadParameter(f"there is no scenario {unknown[0]!r}; there are {', '.join(SCENARIOS)}")
    ran = []
    for outcome in run_all(names, runs, seed, typer.echo, keep):
        if results is not None:
            with results.open("a") as file:
                file.write(outcome.json() + "\n")
        if not outcome.skipped:
            ran.append(outcome.verdict)
    lost, doubled = sum(v.lost for v in ran), sum(v.doubled for v in ran)
    different = sum(v.different for v in ran)
    typer.echo(f"runs={len(ran)} lost={lost} doubled={doubled} different={different}")
    sys.exit(0 if not (lost or doubled or different) else 1)


def _run_hostile(runs: int, seed: int, names: list[str], results: Path | None, keep: Path | None) -> int:
    unknown = [name for name in names if name not in hostile.PARTICIPANTS]
    if unknown:
        raise typer.BadParameter(f"there is no {unknown[0]!r}; there are {', '.join(hostile.PARTICIPANTS)}")
    ran = []
    for outcome in hostile.run_all(runs, seed, names, typer.echo, keep):
        ran.append(outcome)
        if results is not None:
            with results.open("a") as file:
                file.write(hostile.as_json(outcome) + "\n")
    typer.echo(hostile.summary(ran))
    return 0 if all(outcome.verdict.fine for outcome in ran) else 1


if __name__ == "__main__":
    typer.run(main)
