"""Load of this machine and of the product's processes."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import psutil
from pydantic import BaseModel, ConfigDict

from consumers.store.disk import disk_of
from consumers.upkeep.retention.questions import GB, disk_usage
from producer.clock import Elapsed
from producer.processor_use import ProcessorUse, of_machine, of_process

MIB = 1024**2
_SHARE_OF_ITS_OWN = "Pss_Anon:"
"""In `smaps_rollup`: memory that belongs to no file, each page divided by the processes that share it."""


class Supervised(BaseModel):
    """A process as its supervisor writes of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    pid: int | None = None
    state: str
    restarts: int = 0
    since: str
    last_exit: str | None = None


class SupervisorFile(BaseModel):
    processes: tuple[Supervised, ...] = ()


def read_supervised(path: Path) -> tuple[Supervised, ...]:
    """Nothing where nobody supervises, as when the gateway is started by itself."""
    try:
        written = json.loads(path.read_bytes())
        return SupervisorFile.model_validate(written if isinstance(written, dict) else {"processes": written}).processes
    except (OSError, ValueError, RecursionError):
        return ()


class Machine:
    """Shares of the processor cover the time since they were measured last, and are unknown before. May be asked from
    any thread.
    """

    def __init__(self, elapsed: Elapsed = time.monotonic) -> None:
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._processes: dict[int, tuple[psutil.Process, ProcessorUse]] = {}
        self._processors = ProcessorUse(of_machine, elapsed)

    def process(self, pid: int | None) -> tuple[float | None, float | None]:
        """MiB of its own memory and percent of one core; None of a process that is gone.

        Pages of files that it has mapped (journals, views, libraries) are not its own: the kernel takes them back. A
        page that it shares with processes that were forked beside it counts by its share.
        """
        if pid is None:
            return None, None
        with self._lock:
            try:
                process, use = self._process(pid)
                return round(_own_bytes(process) / MIB, 1), use.percent()
            except psutil.Error:
                self._processes.pop(pid, None)
                return None, None

    def _process(self, pid: int) -> tuple[psutil.Process, ProcessorUse]:
        known = self._processes.get(pid)
        if known is None or not known[0].is_running():
            process = psutil.Process(pid)
            known = self._processes[pid] = process, ProcessorUse(of_process(process, self._elapsed), self._elapsed)
        return known

    def load(self, data: Path) -> dict[str, dict[str, Any]]:
        """Processor, memory, and the disk that holds the data; in gigabytes of 10^9 bytes."""
        memory = psutil.virtual_memory()
        with self._lock:
            busy = self._processors.percent()
        return {
            "cpu": {"percent": busy, "cores": psutil.cpu_count() or 1},
            "memory": {
                "percent": round(memory.percent, 1),
                "used_gb": round(memory.used / GB, 1),
                "total_gb": round(memory.total / GB, 1),
            },
            "disk": {**disk_usage(disk_of(data))},
        }


def _own_bytes(process: psutil.Process) -> int:
    """Raises `psutil.Error`."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # of another user, or gone: psutil says which
        lines = []
    kilobytes = next((line.split()[1] for line in lines if line.startswith(_SHARE_OF_ITS_OWN)), None)
    if kilobytes is not None:
        return int(kilobytes) * 1024
    memory = process.memory_info()
    return int(memory.rss - memory.shared)
