"""Ingest as a process of its own, to be killed: `python -m tests.ingest_process DATA PORT [SERVER]`.

The server is that of the journal, as JSON; without one it is in files in the data directory.
"""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from consumers.hub_config import ClickHouseServer
from consumers.ingest import run
from consumers.store.journal.configured import store_in
from producer.broker import BrokerAddress
from producer.garbage import spare_the_collector
from tests.forked import Forked


@contextmanager
def ingest_process(
    data: Path, port: int, server: ClickHouseServer | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Running, and gone at the end of the block whatever happens in it."""
    process = start(data, port, server)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def start(data: Path, port: int, server: ClickHouseServer | None = None) -> "subprocess.Popen[bytes]":
    where = [] if server is None else [json.dumps(asdict(server))]
    return Forked(
        [sys.executable, "-m", "tests.ingest_process", str(data), str(port), *where], stdout=subprocess.DEVNULL
    )


def main() -> None:
    data, port, *where = sys.argv[1:]
    server = ClickHouseServer(**json.loads(where[0])) if where else None
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    spare_the_collector()
    run(Path(data), BrokerAddress(port=int(port)), stopping, store=store_in(Path(data) / "journal", server))


if __name__ == "__main__":
    main()
