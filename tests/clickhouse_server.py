"""Starts and stops a real ClickHouse server in a directory of its own, ready when it answers."""

import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from consumers.hub_config import ClickHouseServer
from consumers.store.clickhouse.engine import EngineError
from consumers.store.clickhouse.server import ServerEngine
from mosquitto.launcher import free_port

PASSWORD = "not a secret"
STARTS_WITHIN_S = 60.0
STOPS_WITHIN_S = 30.0

# A time zone that is not ours: nothing may depend on it. No HTTP, and caches of a size for a test.
_CONFIG = """<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <tcp_port>{port}</tcp_port>
  <path>{directory}/data/</path>
  <tmp_path>{directory}/tmp/</tmp_path>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>Asia/Tokyo</timezone>
  <mark_cache_size>16777216</mark_cache_size>
</yandex>
"""
_USERS = f"""<yandex>
  <profiles><default><max_threads>2</max_threads></default></profiles>
  <users><watchpost>
    <password>{PASSWORD}</password>
    <networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
  </watchpost></users>
  <quotas><default></default></quotas>
</yandex>
"""


class ClickHouseMissing(FileNotFoundError):
    """The server is not installed."""


def clickhouse_path() -> str:
    """Debian installs into /usr/sbin, which is not on everybody's PATH."""
    found = shutil.which("clickhouse-server", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None:
        raise ClickHouseMissing(
            "clickhouse-server is not installed; on Debian: apt-get install --no-install-recommends clickhouse-server"
        )
    return found


class ClickHouse:
    """One server, run as whoever runs the tests; it keeps its port and its rows over restarts."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.server = ClickHouseServer("127.0.0.1", free_port(), user="watchpost", password=PASSWORD)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "data").mkdir(exist_ok=True)
        config = self.directory / "config.xml"
        config.write_text(_CONFIG.format(port=self.server.port, directory=self.directory))
        (self.directory / "users.xml").write_text(_USERS)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [clickhouse_path(), f"--config-file={config}"],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self._wait_until_ready()
        except AssertionError:
            self.kill()
            raise
        return self

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Such as to stand still and to go on."""
        assert self._process is not None
        self._process.send_signal(number)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        try:
            self._process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN_S
        pause = threading.Event()
        while not self._answers():
            assert self._process is not None
            assert self._process.poll() is None, f"clickhouse-server ended at start: {self._log_tail()}"
            assert time.monotonic() < deadline, f"clickhouse-server does not answer: {self._log_tail()}"
            pause.wait(0.05)

    def _answers(self) -> bool:
        try:
            ServerEngine(self.server).close()
        except EngineError:
            return False
        return True

    def _log_tail(self) -> str:
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-5:])
