"""What `./dev test` runs: all lanes side by side; with `quick` those that start no servers."""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.compiling import compile_modules
from tools.hypothesis_tables import tables_in_the_making
from tools.lanes import Lane, everything, quick, run, shown, summary
from tools.processors import processor_use
from tools.scratch import scratch
from tools.second_run import again, unsteady

STOPPED = 130


def main(arguments: Sequence[str]) -> int:
    with tables_in_the_making():
        compile_modules()
    with TemporaryDirectory(prefix="watchpost-tests-", dir=scratch(), ignore_cleanup_errors=True) as name:
        folder = Path(name)
        lanes = quick(folder, arguments[1:]) if arguments else everything(folder)
        for lane in lanes[1:]:
            lane.log = (folder / f"{lane.name}.log").open("w+b")
        with processor_use() as use:
            stopped = run(lanes)
        _show(lanes[1:])
        passed = [] if stopped else again(lanes, run)
        sys.stdout.write(f"{use.summary()}\n{summary(lanes)}\n")
        if passed:
            sys.stdout.write(unsteady(passed) + "\n")
    if stopped:
        return STOPPED
    return int(any(lane.failed for lane in lanes))


def _show(lanes: Sequence[Lane]) -> None:
    for lane in lanes:
        sys.stdout.buffer.write(shown(lane))
        assert lane.log is not None
        lane.log.close()
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
