"""How busy, warm and full the machine is."""

import time
from pathlib import Path
from typing import Any

import psutil

from bus_schemas.node import SystemLoad

_PREFERRED = ("cpu_thermal", "coretemp", "k10temp", "soc_thermal")


def system_load(data: Path) -> SystemLoad:
    """`cpu_percent` is that since the last call; disk is the one that holds `data`."""
    disk = psutil.disk_usage(str(data))
    return SystemLoad(
        cpu_percent=psutil.cpu_percent(),
        memory_percent=psutil.virtual_memory().percent,
        disk_percent=disk.percent,
        disk_free_bytes=disk.free,
        temperature=_temperature(),
        uptime_seconds=round(time.time() - psutil.boot_time(), 1),
    )


def _temperature() -> float | None:
    """Of the processor, in °C, on machines that tell."""
    read: Any = getattr(psutil, "sensors_temperatures", dict)
    sensors = read()
    for name in (*_PREFERRED, *sensors):
        if sensors.get(name):
            return float(sensors[name][0].current)
    return None
