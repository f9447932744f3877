"""Plants deliberate bugs, one at a time, in a copy of the tree, and sees that a test notices each.

`./dev mutants` runs all, `./dev mutants NAME…` some. Exit 1 when one is not caught.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from tests.faults.planted.mutant import Mutant
from tests.faults.planted_bugs import MUTANTS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bus_schemas", "producer", "edge", "consumers", "gateway", "mosquitto", "watchpost", "tests", "tools")
HANGS_AFTER = 5
"""Times what the tests take without a bug, and at least a minute."""


def copy_tree(to: Path) -> None:
    """With what is compiled of it: files keep their times, by which Python knows what still fits."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, to / package, ignore=shutil.ignore_patterns("node_modules", ".svelte-check", "static")
        )
    shutil.copytree(ROOT / "docs", to / "docs")
    shutil.copy(ROOT / "pyproject.toml", to)


def plant(mutant: Mutant, tree: Path) -> str:
    """Put the bug into the copy; the text that was there."""
    path = tree / mutant.file
    before = path.read_text()
    if before.count(mutant.old) != 1:
        raise LookupError(f"{mutant.file} holds {before.count(mutant.old)} times, not once:\n{mutant.old}")
    path.write_text(before.replace(mutant.old, mutant.new))
    return before


def passes(tree: Path, tests: Sequence[str], within_s: float | None = None) -> bool:
    """Whether the tests pass in a copy. A test that hangs has noticed, too."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tree)}
    try:
        ran = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=within_s, check=False)
    except subprocess.TimeoutExpired:
        return False
    if ran.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {ran.returncode}:\n{ran.stdout.decode()[-2000:]}")
    return ran.returncode == 0


def seconds_without_a_bug(tree: Path, tests: Sequence[str]) -> float:
    began = time.monotonic()
    if not passes(tree, tests):
        raise RuntimeError(f"these fail without any bug planted: {' '.join(tests)}")
    return time.monotonic() - began


def survivors(names: Sequence[str], say: Callable[[str], None]) -> list[str]:
    """The bugs that no test noticed."""
    missed = []
    bounds: dict[Sequence[str], float] = {}
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        copy_tree(tree)
        for name in names:
            mutant = MUTANTS[name]
            if mutant.tests not in bounds:
                bounds[mutant.tests] = max(60.0, HANGS_AFTER * seconds_without_a_bug(tree, mutant.tests))
            before = plant(mutant, tree)
            caught = not passes(tree, mutant.tests, bounds[mutant.tests])
            (tree / mutant.file).write_text(before)
            say(f"{'caught' if caught else 'NOT CAUGHT':<10} {name}")
            if not caught:
                missed.append(name)
    return missed


def main(names: Annotated[list[str] | None, typer.Argument(help="Which; default all.")] = None) -> None:
    """Plant deliberate bugs and see that the tests catch each; exit 1 when one is not caught."""
    chosen = names or list(MUTANTS)
    missed = survivors(chosen, typer.echo)
    typer.echo(f"mutants={len(chosen)} caught={len(chosen) - len(missed)}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    typer.run(main)
