"""Ingest as a process of its own, to be killed: `python -m tests.ingest_process DATA PORT`."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consumers.ingest import run
from producer.broker import BrokerAddress
from watchpost.runtime import spare_the_collector


@contextmanager
def ingest_process(data: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Running, and gone at the end of the block whatever happens in it."""
    process = start(data, port)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def start(data: Path, port: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.ingest_process", str(data), str(port)], stdout=subprocess.DEVNULL
    )


def main() -> None:
    data, port = sys.argv[1:]
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    spare_the_collector()
    run(Path(data), BrokerAddress(port=int(port)), stopping)


if __name__ == "__main__":
    main()
