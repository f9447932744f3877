"""Measures load, temperature and disk use of the machine."""

import time
from pathlib import Path
from typing import Any

import psutil

from bus_schemas.agent import ProcessLoad
from bus_schemas.node import SystemLoad
from producer.clock import Elapsed
from producer.processor_use import ProcessorUse, of_machine, of_process

_PREFERRED = ("cpu_thermal", "coretemp", "k10temp", "soc_thermal")


class MachineLoad:
    """Used by one agent. `data` is on the disk that is reported. Space reserved for root does not count as free."""

    def __init__(self, data: Path, elapsed: Elapsed = time.monotonic) -> None:
        self._data = data
        self._processors = ProcessorUse(of_machine, elapsed)

    def measure(self) -> SystemLoad:
        """`cpu_percent` covers the time since the last measurement, a second at least; until then it is unknown."""
        disk, cpu_percent = psutil.disk_usage(str(self._data)), self._processors.percent()
        return SystemLoad(
            cpu_percent=cpu_percent if cpu_percent is None else min(100.0, cpu_percent),
            memory_percent=psutil.virtual_memory().percent,
            disk_percent=disk.percent,
            disk_free_bytes=disk.free,
            temperature=_temperature(),
            uptime_seconds=round(time.clock_gettime(time.CLOCK_BOOTTIME), 1),
        )


class AgentLoad:
    """The load of this process, which all devices of the agent share."""

    def __init__(self, elapsed: Elapsed = time.monotonic) -> None:
        self._process = psutil.Process()
        self._processor = ProcessorUse(of_process(self._process, elapsed), elapsed)

    def measure(self) -> ProcessLoad:
        """`cpu_percent` covers the time since the last measurement, a second at least."""
        return ProcessLoad(
            cpu_percent=self._processor.percent(),
            memory_bytes=self._process.memory_info().rss,
            threads=self._process.num_threads(),
        )


def _temperature() -> float | None:
    """Temperature of the processor in °C, where the machine reports it."""
    read: Any = getattr(psutil, "sensors_temperatures", dict)
    sensors = read()
    for name in (*_PREFERRED, *sensors):
        if sensors.get(name):
            return float(sensors[name][0].current)
    return None
