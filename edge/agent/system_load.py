"""Measures load, temperature and disk use of the machine."""

import time
from pathlib import Path
from typing import Any, Final

import psutil

from bus_schemas.node import SystemLoad
from producer.clock import Elapsed

_PREFERRED = ("cpu_thermal", "coretemp", "k10temp", "soc_thermal")


SHORTEST_S: Final = 1.0
"""CPU use over a shorter time says nothing."""


class MachineLoad:
    """Used by one agent. `data` is on the disk that is reported. Space reserved for root does not count as free."""

    def __init__(self, data: Path, elapsed: Elapsed = time.monotonic) -> None:
        self._data = data
        self._elapsed = elapsed
        self._measured = elapsed(), *_busy()
        self._cpu_percent: float | None = None

    def measure(self) -> SystemLoad:
        """`cpu_percent` covers the time since the last measurement, a second at least; until then it is unknown."""
        disk = psutil.disk_usage(str(self._data))
        return SystemLoad(
            cpu_percent=self._cpu(),
            memory_percent=psutil.virtual_memory().percent,
            disk_percent=disk.percent,
            disk_free_bytes=disk.free,
            temperature=_temperature(),
            uptime_seconds=round(time.clock_gettime(time.CLOCK_BOOTTIME), 1),
        )

    def _cpu(self) -> float | None:
        since, busy, in_all = self._measured
        now = self._elapsed(), *_busy()
        if now[0] - since >= SHORTEST_S and now[2] > in_all:
            self._cpu_percent = round(min(100.0, max(0.0, 100 * (now[1] - busy) / (now[2] - in_all))), 1)
            self._measured = now
        return self._cpu_percent


def _busy() -> tuple[float, float]:
    """Busy seconds, and all seconds, of the processors."""
    times = psutil.cpu_times()
    in_all = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return in_all - times.idle - getattr(times, "iowait", 0.0), in_all


def _temperature() -> float | None:
    """Temperature of the processor in °C, where the machine reports it."""
    read: Any = getattr(psutil, "sensors_temperatures", dict)
    sensors = read()
    for name in (*_PREFERRED, *sensors):
        if sensors.get(name):
            return float(sensors[name][0].current)
    return None
