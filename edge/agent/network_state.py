"""Reads the state of the network interfaces: which are up, which one is used, and how well a radio is received."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from bus_schemas.agent import NetworkState

PROC: Final = Path("/proc/net")
MAX_INTERFACES: Final = 8
_LOOPBACK: Final = "lo"
_NO_SIGNAL_DBM: Final = -200.0


def networks(proc: Path = PROC) -> tuple[NetworkState, ...]:
    """The one that is used comes first; virtual interfaces that are down are left out."""
    used, signals = set(_used(proc)), dict(_signals(proc))
    found = []
    for name, state in psutil.net_if_stats().items():
        if name == _LOOPBACK or not (state.isup or name in signals or name in used):
            continue
        speed = state.speed if 0 < state.speed < 65_535 else None
        found.append(
            NetworkState(
                name=name[:64],
                is_up=state.isup,
                is_used=name in used,
                signal_dbm=signals.get(name),
                speed_mbit=speed,
            )
        )
    found.sort(key=lambda one: (not one.is_used, one.name))
    return tuple(found[:MAX_INTERFACES])


def _lines(path: Path) -> list[str]:
    with suppress(OSError):
        return path.read_text().splitlines()
    return []


def _used(proc: Path) -> Iterator[str]:
    """Those with a route to everywhere."""
    for line in _lines(proc / "route")[1:]:
        name, destination, *_ = [*line.split(), "", ""]
        if destination == "00000000":
            yield name


def _signals(proc: Path) -> Iterator[tuple[str, float]]:
    """The level of each radio in dBm, as the kernel says: NAME: STATUS LINK LEVEL NOISE …"""
    for line in _lines(proc / "wireless")[2:]:
        name, _, figures = line.partition(":")
        columns = figures.split()
        with suppress(ValueError, IndexError):
            level = float(columns[2])
            if _NO_SIGNAL_DBM < level < 0:
                yield name.strip(), level
