"""How busy and full the machine is, as a heartbeat says it."""

from pathlib import Path

import psutil
import pytest

from edge.agent.system_load import MachineLoad


def test_how_busy_the_processors_are_is_unknown_at_first_and_not_told_of_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, busy, idle = 0.0, 100.0, 100.0
    times = psutil.cpu_times()
    monkeypatch.setattr(
        psutil, "cpu_times", lambda: times._replace(**dict.fromkeys(times._fields, 0.0) | {"user": busy, "idle": idle})
    )
    machine = MachineLoad(tmp_path, lambda: now)
    assert machine.measure().cpu_percent is None

    now, busy, idle = 10.0, 105.0, 115.0
    assert machine.measure().cpu_percent == 25.0
    now, busy = 10.1, 105.1
    assert machine.measure().cpu_percent == 25.0
    now, busy, idle = 20.0, 120.0, 120.0
    assert machine.measure().cpu_percent == 75.0


def test_room_that_only_root_has_is_no_room(tmp_path: Path) -> None:
    load, disk = MachineLoad(tmp_path).measure(), psutil.disk_usage(str(tmp_path))

    assert load.disk_free_bytes == pytest.approx(disk.free, rel=0.01)
    assert load.disk_percent == pytest.approx(100 * disk.used / (disk.used + disk.free), abs=0.5)


def test_the_uptime_of_a_machine_does_not_depend_on_its_wall_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 86_400.0)

    assert (MachineLoad(tmp_path).measure().uptime_seconds or 0.0) > 0.0
