"""The timers of systemd and of the hardware are reset while an agent works, and ended with it."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.agent import watchdog as watchdogs
from edge.agent.watchdog import SystemdTimer, Watchdog


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(str(tmp_path / "notify"))
        wire.settimeout(5)
        yield wire


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000000", **more}


def test_systemd_is_notified_at_each_reset_and_at_the_end(systemd: socket.socket, tmp_path: Path) -> None:
    with Watchdog.of(environ(tmp_path, WATCHDOG_PID=str(os.getpid())), None) as watchdog:
        watchdog.reset()
    found = [systemd.recv(64) for _ in range(3)]

    assert found == [b"WATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"watchpost-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(f"\0{name}")
        wire.settimeout(5)
        SystemdTimer(f"@{name}").reset()

        assert wire.recv(64) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"NOTIFY_SOCKET": "/run/systemd/notify"},
        {"WATCHDOG_USEC": "60000000"},
        {"NOTIFY_SOCKET": "/run/systemd/notify", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"},
    ],
)
def test_without_a_timer_that_is_its_own_systemd_is_told_nothing(given: dict[str, str]) -> None:
    assert SystemdTimer.of(given) is None


def test_a_socket_that_is_gone_stops_no_agent(tmp_path: Path) -> None:
    with Watchdog.of(environ(tmp_path), tmp_path / "no" / "watchdog") as watchdog:
        watchdog.reset()


def test_an_agent_that_waits_to_begin_anew_is_not_taken_for_one_that_hangs(
    systemd: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdogs, "RESET_EVERY_S", 0.05)
    stopping = threading.Event()
    with Watchdog.of(environ(tmp_path), None) as watchdog:
        watchdog.wait(stopping, 0.3)
        found = [systemd.recv(64) for _ in range(4)]
        stopping.set()
        watchdog.wait(stopping, 600)

    assert found == [b"WATCHDOG=1"] * 4


def test_the_hardware_is_written_to_and_switched_off_at_an_orderly_end(tmp_path: Path) -> None:
    device = tmp_path / "watchdog"
    device.touch()
    with Watchdog.of({}, device) as watchdog:
        watchdog.reset()
        assert device.read_bytes() == b"\0\0"

    assert device.read_bytes() == b"\0\0V"
