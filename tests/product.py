"""The whole product as its own processes, for the tests that look at it from outside."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.eventually import eventually
from tests.forked import Forked
from tests.loopback import NO_TLS
from watchpost.processes.supervisor import KILL_AFTER_S

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-m", "watchpost", "up")
STARTS_WITHIN_S = 120.0
STOPS_WITHIN_S = KILL_AFTER_S + 2.0

_ADDRESS = re.compile(r"Watchpost is at (http://\S+)")


class Product:
    """`watchpost up` on a data directory; `start` may follow `stop` or `kill`."""

    def __init__(
        self,
        data: Path,
        arguments: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        start: "type[subprocess.Popen[str]]" = subprocess.Popen,
    ) -> None:
        self.data = data
        self._start = start
        self._variables = variables or {}
        self.lines: list[str] = []
        self.arguments = list(arguments)
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> str:
        """The address of the page, once it answers."""
        self.lines = []
        self._process = self._start(
            [*COMMAND, "--data", str(self.data), "--port", "0", "--mqtt-port", "0", *self.arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self._variables},
        )
        self._reader = threading.Thread(target=self._collect, args=(self._process,), daemon=True)
        self._reader.start()
        return eventually(self._address, STARTS_WITHIN_S, "the line with the address")

    def _collect(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.lines.extend(line.rstrip("\n") for line in process.stdout)

    def _address(self) -> str:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError("watchpost up ended:\n" + "\n".join(self.lines[-40:]))
        found = [match[1] for line in self.lines if (match := _ADDRESS.search(line))]
        return found[0] if found else ""

    def processes(self) -> dict[str, dict[str, Any]]:
        """What the supervisor says of its children, by name."""
        states = json.loads((self.data / "run" / "processes.json").read_text())
        rows = states["processes"] if isinstance(states, dict) else states
        return {row["name"]: row for row in rows}

    def supervisor(self) -> int:
        assert self._process is not None
        return self._process.pid

    def mqtt_port(self) -> int:
        """As the broker's own configuration says."""
        config = (self.data / "broker" / "mosquitto.conf").read_text()
        return next(int(line.split()[1]) for line in config.splitlines() if line.startswith("listener "))

    def signal(self, number: signal.Signals) -> int:
        """Send a signal to the supervisor and wait until it is gone; its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(STOPS_WITHIN_S)
        self._close()
        return code

    def stop(self) -> int:
        return self.signal(signal.SIGTERM)

    def _close(self) -> None:
        if self._process is not None and self._process.stdout is not None and self._reader is not None:
            self._reader.join(30)
            self._process.stdout.close()
        self._process = None

    def end(self) -> None:
        """Whatever state it is in, leave nothing running."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(30)
        self._close()


@contextmanager
def running(
    data: Path, arguments: Sequence[str] = (), start: "type[subprocess.Popen[str]]" = Forked
) -> Iterator[tuple[Product, httpx.Client]]:
    """Forked, for those who do not look at how it starts."""
    product = Product(data, arguments, start=start)
    try:
        with httpx.Client(base_url=product.start(), timeout=20, verify=NO_TLS) as client:
            yield product, client
    finally:
        product.end()
