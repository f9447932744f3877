"""`./dev bench`: the benchmarks, which need the tests and so are no part of what is installed."""

from pathlib import Path
from typing import Annotated

import typer

from tests.bench.run import UnknownCase, run


def main(
    cases: Annotated[list[str] | None, typer.Argument(help="Which benchmarks; default all.")] = None,
    output: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
) -> None:
    """The benchmarks: median, p95, peak memory, and the limit measured beside them."""
    try:
        run(cases or [], output)
    except UnknownCase as unknown:
        raise typer.BadParameter(str(unknown)) from unknown


typer.run(main)
