"""Starts, stops, kills and freezes a real mosquitto, ready when it accepts an MQTT connection."""

import signal
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from mosquitto.launcher import Listeners, accepts, command, free_port, is_free, write_config

STOP_SECONDS = 20.0


class BrokerFailed(RuntimeError):
    """mosquitto ended, or accepted nobody, while it was being started."""


class Broker:
    """One mosquitto in a directory of its own; it keeps its port over restarts."""

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        unix_socket: Path | None = None,
        websockets: bool = False,
        lines: str = "",
    ) -> None:
        """`lines` are added to its configuration."""
        self.directory = directory
        self._lines = lines
        self.listeners = Listeners(
            port=port or free_port(),
            unix_socket=unix_socket,
            websockets_port=free_port() if websockets else None,
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        return self.listeners.port

    @property
    def websockets_port(self) -> int | None:
        return self.listeners.websockets_port

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def log(self) -> Path:
        return self.directory / "mosquitto.log"

    def start(self, within: float = 30.0) -> Self:
        assert self._process is None, f"the broker on port {self.port} is started already"
        # Asked first: whoever has the port might answer the readiness probe in our broker's name.
        if not is_free(self.port, self.listeners.host):
            raise BrokerFailed(f"port {self.port} on {self.listeners.host} is taken")
        config = write_config(self.directory, self.listeners)
        with config.open("a") as file:
            file.write(self._lines)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command(config), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait_until_ready(within)
        except BrokerFailed:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """SIGTERM: clients are told; the queues are gone all the same."""
        process = self._running()
        # A frozen process keeps SIGTERM for later, and the stop would hang.
        process.send_signal(signal.SIGCONT)
        process.terminate()
        self._reap(process)

    def kill(self) -> None:
        """SIGKILL: a power cut."""
        process = self._running()
        process.kill()
        self._reap(process)

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers, as behind a cut cable."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"the broker on port {self.port} is not started"
        return self._process

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._process = None

    def _wait_until_ready(self, within: float) -> None:
        # Ready means that it accepts: the socket is bound a moment before anyone listens on it.
        deadline = time.monotonic() + within
        pause = threading.Event()
        process = self._running()
        while not self._accepts():
            if process.poll() is not None:
                raise BrokerFailed(f"mosquitto ended with code {process.returncode} at start: {self._log_tail()}")
            if time.monotonic() >= deadline:
                raise BrokerFailed(
                    f"mosquitto accepted nobody on port {self.port} within {within} s: {self._log_tail()}"
                )
            pause.wait(0.01)

    def _accepts(self) -> bool:
        return accepts((self.listeners.host, self.port)) and (
            self.listeners.unix_socket is None or accepts(self.listeners.unix_socket)
        )

    def _log_tail(self) -> str:
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-5:])
