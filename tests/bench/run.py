"""Finds the benchmarks, runs each in a process of its own, and prints what was measured.

A case is a function `case_NAME` of a module in this folder that returns measurements.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path

import typer

from producer.garbage import spare_the_collector
from producer.library_threads import limit_library_threads
from tests.bench.measure import Measurement

FOLDER = Path(__file__).parent
PREFIX = "case_"
_HEADER = ("case", "median ms", "p95 ms", "per s", "peak MB", "limit", "goal", "met", "includes")


class UnknownCase(ValueError):
    """No benchmark has this name."""


@dataclass(frozen=True, slots=True)
class Case:
    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


def cases(folder: Path = FOLDER) -> list[Case]:
    """All cases by their source, for an import may take seconds and need what is not installed."""
    return [
        Case(file.stem, node.name.removeprefix(PREFIX))
        for file in sorted(folder.glob("*.py"))
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith(PREFIX)
    ]


def chosen(names: Sequence[str], known: Sequence[Case]) -> list[Case]:
    """The cases named, by module, by name, or by both; all where none is. Raises `UnknownCase`."""
    for name in names:
        if not any(name in (case.module, case.name, str(case)) for case in known):
            raise UnknownCase(f"no benchmark is called {name}; there are {', '.join(map(str, known))}")
    return [case for case in known if not names or {case.module, case.name, str(case)} & set(names)]


def measure(case: Case) -> list[Measurement]:
    """Run a case in this process, which has one thread of each library and collects garbage as those of the product do;
    peak memory is that of the process, imports included, where the case names none.
    """
    limit_library_threads()
    act = getattr(import_module(f"tests.bench.{case.module}"), PREFIX + case.name)
    spare_the_collector()
    found: list[Measurement] = act()
    peak = round(_high_water_mb(), 1)
    return [one if one.peak_mb is not None else replace(one, peak_mb=peak) for one in found]


def _high_water_mb() -> float:
    """Unlike `ru_maxrss`, not inherited from the process that started this one."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("the kernel tells no peak of resident memory")


def run(names: list[str], output: Path | None) -> None:
    """Run the chosen cases one after the other, print a table, and write the figures where asked for."""
    found: list[Measurement] = []
    for case in chosen(names, cases()):
        typer.echo(f"{case} …", err=True)
        child = subprocess.run(
            [sys.executable, "-m", "tests.bench.run", case.module, case.name], stdout=subprocess.PIPE, check=False
        )
        if child.returncode != 0:
            typer.echo(f"{case} failed with {child.returncode}", err=True)
            continue
        found += [Measurement(**one) for one in json.loads(child.stdout.splitlines()[-1])]
    typer.echo(table(found))
    if output is not None:
        output.write_text(json.dumps([_as_json(one) for one in found], indent=2) + "\n")


def _as_json(found: Measurement) -> dict[str, object]:
    return {**asdict(found), "per_s": found.per_s if found.items > 1 else None, "met": found.met}


def table(found: Iterable[Measurement]) -> str:
    rows = [_HEADER, *map(_row, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(found: Measurement) -> tuple[str, ...]:
    is_timed = found.goal_mb is None and found.goal_share is None
    return (
        found.case,
        f"{found.median_ms:.3f}" if is_timed else "",
        f"{found.p95_ms:.3f}" if is_timed else "",
        f"{found.per_s:,.0f}" if found.items > 1 else "",
        "" if found.peak_mb is None else f"{found.peak_mb:.0f}",
        _limit(found),
        _goal(found),
        {True: "yes", False: "no", None: ""}[found.met],
        found.includes if found.precision is None else f"{_rightness(found)}; {found.includes}",
    )


def _rightness(found: Measurement) -> str:
    return f"precision {found.precision:.4f}, recall {found.recall:.4f}"


def _goal(found: Measurement) -> str:
    if found.goal_share is not None:
        return f"≥ {found.goal_share:g}"
    if found.goal_mb is not None:
        return f"≤ {found.goal_mb:g} MB"
    if found.goal_per_s is not None:
        return f"≥ {found.goal_per_s:,.0f}/s"
    return "" if found.goal_ms is None else f"≤ {found.goal_ms:g} ms"


def _limit(found: Measurement) -> str:
    if found.limit_ms is None:
        return ""
    of = f"{found.items / found.limit_ms * 1000:,.0f}/s" if found.items > 1 else f"{found.limit_ms:.3f} ms"
    return f"{of} {found.limit}"


def main() -> None:
    """The child's side: one case, its measurements as one line of JSON."""
    module, name = sys.argv[1:]
    sys.stdout.write(json.dumps([asdict(one) for one in measure(Case(module, name))]) + "\n")


if __name__ == "__main__":
    main()
