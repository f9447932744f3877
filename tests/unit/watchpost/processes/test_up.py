"""Which processes there are, on which ports, and one set of them a data directory."""

import errno
import io
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

import pytest
import structlog
import typer.main

from consumers.engine.process_group import ProcessGroup
from mosquitto.launcher import is_free
from producer.locks import FileLock, LockHeld
from watchpost.cli import app
from watchpost.commands.selection import chosen_consumers
from watchpost.configuration import demo
from watchpost.configuration.broker import BrokerSection
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.hub import HubSection
from watchpost.configuration.stores import ServerWarehouse
from watchpost.processes.data_directory_lock import DataInUse, data_directory_lock
from watchpost.processes.entry_points import consumer_names
from watchpost.processes.logs import ChildLog, configure
from watchpost.processes.process_spec import ProcessPriority
from watchpost.processes.up import BROKER, EDGE, CannotStart, UpOptions, origin_of, processes, run, with_ports

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def options(data: Path, gateway_port: int = 0, mqtt_port: int = 0) -> UpOptions:
    return UpOptions(config_path=Path("held.yaml"), data=data, gateway_port=gateway_port, mqtt_port=mqtt_port)


def test_there_is_a_process_for_each_duty_and_each_node(tmp_path: Path) -> None:
    found = processes(options(tmp_path, 8080, 11883), demo.config())

    assert [process.name for process in found] == [
        "broker",
        "gateway",
        "ingest",
        "mosaics",
        "alerting",
        "consumers",
        "edge:DEMO",
    ]
    arguments = {process.name: list(process.argv[3:]) for process in found}
    assert arguments["edge:DEMO"][:3] == ["edge", "--node", "DEMO"]
    assert arguments["gateway"][:3] == ["gateway", "--port", "8080"]


def test_every_process_reads_the_configuration_that_is_held_for_it(tmp_path: Path) -> None:
    """Not that of the working directory, where somebody may write one while the demo runs."""
    found = processes(options(tmp_path, 8080, 11883), demo.config())

    ours = [process.argv for process in found if process.name != "broker"]
    assert [argv[argv.index("--config") + 1] for argv in ours] == ["held.yaml"] * 6


def test_every_consumer_is_in_exactly_one_process(tmp_path: Path) -> None:
    command = typer.main.get_group(app).commands["consume"]
    found = processes(options(tmp_path), demo.config())
    started = [process.argv[4:] for process in found if process.argv[3:4] == ("consume",)]

    chosen = []
    for arguments in started:
        params = command.make_context("consume", list(arguments)).params
        chosen += chosen_consumers(params["names"] or [], params["left_out"] or [], consumer_names(params["group"]))

    assert sorted(chosen) == sorted(consumer_names())


def test_a_process_has_the_consumers_that_name_its_group() -> None:
    assert set(consumer_names(ProcessGroup.URGENT)) == {
        "registry",
        "agents",
        "alerting",
        "alert_log",
        "webhook",
        "conditions",
    }
    assert consumer_names(ProcessGroup.PICTURES) == ("mosaics",)


def test_ingest_and_alerting_go_before_answers_and_answers_before_views(tmp_path: Path) -> None:
    found = processes(options(tmp_path, 8080, 1883), WatchpostConfig())

    by_priority = {process.name: process.priority for process in found}
    assert by_priority == {
        "broker": ProcessPriority.URGENT,
        "ingest": ProcessPriority.URGENT,
        "alerting": ProcessPriority.URGENT,
        "gateway": ProcessPriority.INTERACTIVE,
        "mosaics": ProcessPriority.BATCH,
        "consumers": ProcessPriority.BATCH,
    }


def test_everything_waits_for_the_broker_and_the_edge_is_stopped_first(tmp_path: Path) -> None:
    found = processes(options(tmp_path, 8080, 11883), demo.config())

    assert [process.name for process in found if process.start_when is None] == ["broker"]
    stages = {process.name: process.stage for process in found}
    assert min(stages, key=stages.__getitem__) == "broker"
    assert stages["broker"] == BROKER
    assert max(stages.values()) == stages["edge:DEMO"] == EDGE


def test_a_broker_elsewhere_is_not_started_here(tmp_path: Path) -> None:
    elsewhere = WatchpostConfig(broker=BrokerSection(start=False, host="mqtt.example"))

    found = processes(options(tmp_path, 8080, 1883), elsewhere)

    assert [process.name for process in found] == ["gateway", "ingest", "mosaics", "alerting", "consumers"]
    assert all(process.start_when is None for process in found)


def test_rows_on_a_server_are_written_by_a_process_of_their_own(tmp_path: Path) -> None:
    config = WatchpostConfig(hub=HubSection(warehouse=ServerWarehouse(kind="clickhouse", host="rows.example")))

    found = {process.name: list(process.argv[3:]) for process in processes(options(tmp_path, 8080, 1883), config)}

    assert found["warehouse"][:3] == ["consume", "--group", ProcessGroup.SERVED]


def test_port_zero_becomes_a_free_one(tmp_path: Path) -> None:
    chosen = with_ports(options(tmp_path), demo.config())

    assert chosen.gateway_port != chosen.mqtt_port
    assert is_free(chosen.gateway_port)
    assert is_free(chosen.mqtt_port)


def test_port_zero_of_a_broker_elsewhere_is_refused_with_what_to_say(tmp_path: Path) -> None:
    config = demo.config()
    elsewhere = config.model_copy(update={"broker": config.broker.model_copy(update={"start": False})})

    with pytest.raises(CannotStart, match="0 is no port of a broker elsewhere"):
        with_ports(options(tmp_path), elsewhere)


@pytest.mark.parametrize(("which", "option"), [("gateway_port", "--port"), ("mqtt_port", "--mqtt-port")])
def test_a_port_that_is_taken_is_said_with_the_option_that_changes_it(tmp_path: Path, which: str, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        asked = options(tmp_path, **{which: port})

        with pytest.raises(CannotStart, match=f"port {port} on 127.0.0.1 is taken; choose another with {option} "):
            with_ports(asked, demo.config())


def test_a_disk_of_a_kind_that_cannot_hold_views_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stick is formatted with FAT or exFAT where it is bought."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refuse)

    with pytest.raises(CannotStart, match=r"has no symbolic links, as FAT and exFAT"):
        run(options(tmp_path), demo.config(), lambda text: None)
    assert list(tmp_path.iterdir()) == []


def test_the_address_of_the_page_is_one_that_a_browser_takes() -> None:
    assert origin_of("127.0.0.1", 8080) == "http://127.0.0.1:8080"
    assert origin_of("::1", 8080) == "http://[::1]:8080"


def test_a_second_one_on_the_same_data_learns_who_holds_it(tmp_path: Path) -> None:
    with (
        data_directory_lock(tmp_path, NOON),
        pytest.raises(DataInUse, match=rf"process {os.getpid()}, since 2026-01-05T12:00:00.000Z"),
        data_directory_lock(tmp_path, NOON),
    ):
        pass


def test_data_that_nobody_holds_any_more_can_be_taken(tmp_path: Path) -> None:
    with data_directory_lock(tmp_path, NOON):
        pass

    with data_directory_lock(tmp_path, NOON):
        assert str(os.getpid()) in (tmp_path / ".lock").read_text()


def test_data_whose_run_directory_was_removed_are_still_held(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with data_directory_lock(tmp_path, NOON):
        rmtree(tmp_path / "run")

        with pytest.raises(DataInUse, match="is in use by"), data_directory_lock(tmp_path, NOON):
            pass


def test_a_release_that_locks_the_run_directory_is_met_before_an_update_and_after_a_return(tmp_path: Path) -> None:
    with FileLock(tmp_path / "run" / "lock") as older:
        older.write("watchpost up, process 7")
        with pytest.raises(DataInUse, match="in use by watchpost up, process 7"), data_directory_lock(tmp_path, NOON):
            pass

    with data_directory_lock(tmp_path, NOON), pytest.raises(LockHeld):
        FileLock(tmp_path / "run" / "lock")


def said(tmp_path: Path, text: str) -> tuple[str, dict[str, object]]:
    """One line of a child, as shown and as kept."""
    shown = io.StringIO()
    log = ChildLog(tmp_path / "watchpost.log", shown, "text", lambda: NOON)
    log.line("ingest", text)
    log.close()
    return shown.getvalue(), json.loads((tmp_path / "watchpost.log").read_text())


def test_a_child_s_json_line_is_shown_as_text_with_its_name_and_kept_as_json(tmp_path: Path) -> None:
    line = '{"event": "connected", "level": "info", "timestamp": "2026-01-05T11:00:00Z", "port": 1883}'

    shown, kept = said(tmp_path, line)

    assert shown == "   ingest 2026-01-05T11:00:00Z [info     ] connected port=1883\n"
    assert kept == {"process": "ingest", **json.loads(line)}


def test_plain_text_of_a_child_gets_the_time_of_its_arrival(tmp_path: Path) -> None:
    shown, kept = said(tmp_path, "mosquitto version 2.0.11 running")

    assert shown == "   ingest 2026-01-05T12:00:00.000Z [info     ] mosquitto version 2.0.11 running\n"
    assert kept["event"] == "mosquitto version 2.0.11 running"


CHAINED = [
    "Traceback (most recent call last):",
    '  File "a.py", line 3, in fold',
    "    return 1 / 0",
    "ZeroDivisionError: division by zero",
    "",
    "During handling of the above exception, another exception occurred:",
    "",
    "Traceback (most recent call last):",
    '  File "b.py", line 9, in run',
    "pydantic_core.ValidationError: 1 validation error for Thing",
    "name",
    "  Field required",
]


def kept_of(tmp_path: Path, *lines: tuple[str, str]) -> list[dict[str, object]]:
    log = ChildLog(tmp_path / "watchpost.log", io.StringIO(), "text", lambda: NOON)
    for process, text in lines:
        log.line(process, text)
    log.close()
    return [json.loads(line) for line in (tmp_path / "watchpost.log").read_text().splitlines()]


def test_a_traceback_is_one_record_at_level_error(tmp_path: Path) -> None:
    lines = [("ingest", line) for line in CHAINED]
    [one, after] = kept_of(tmp_path, *lines, ("ingest", '{"event": "going on", "level": "info"}'))

    assert one == {
        "process": "ingest",
        "event": "pydantic_core.ValidationError: 1 validation error for Thing",
        "level": "error",
        "timestamp": "2026-01-05T12:00:00.000Z",
        "exception": "\n".join(CHAINED),
    }
    assert after["event"] == "going on"


def test_tracebacks_of_two_processes_do_not_mix(tmp_path: Path) -> None:
    mixed = [(process, line) for line in CHAINED for process in ("ingest", "mosaics")]
    found = kept_of(tmp_path, *mixed)

    assert {one["process"] for one in found} == {"ingest", "mosaics"}
    for process in ("ingest", "mosaics"):
        of = [one for one in found if one["process"] == process]
        assert {one["level"] for one in of if "exception" in one} == {"error"}
        assert sum(str(one.get("exception", one["event"])).count("ZeroDivisionError") for one in of) == 1


def test_what_a_library_complains_about_is_an_error(tmp_path: Path) -> None:
    [one] = kept_of(tmp_path, ("broker", "Error: Unable to open log file."))

    assert one["level"] == "error"


@pytest.mark.processes
def test_an_exception_that_nobody_catches_is_logged_as_one_record(tmp_path: Path) -> None:
    code = (
        "import sys; from watchpost.processes.logs import configure; configure('json', sys.stderr); raise KeyError('x')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    [line] = ended.stderr.splitlines()
    said = json.loads(line)
    assert (ended.returncode, said["level"], said["event"]) == (1, "error", "KeyError: 'x'")
    assert said["exception"].startswith("Traceback (most recent call last):")


def test_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchpost.processes.log_output.FILE_BYTES", 1000)
    log = ChildLog(tmp_path / "watchpost.log", io.StringIO(), "json", lambda: NOON)

    for _ in range(100):
        log.line("a", "x" * 100)
    log.close()

    assert len(list(tmp_path.iterdir())) == 5
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 5000


def test_a_log_that_takes_no_more_ends_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sys, threading):
        monkeypatch.setattr(module, "excepthook", module.excepthook)
    with Path("/dev/full").open("w") as full:
        (tmp_path / "watchpost.log").symlink_to("/dev/full")
        log = ChildLog(tmp_path / "watchpost.log", full, "text", lambda: NOON)
        for _ in range(1000):
            log.line("ingest", "what nobody can read")
        (tmp_path / "watchpost.log").unlink()
        log.line("ingest", "what can be kept again")
        log.close()

        configure("json", full)
        structlog.get_logger().warning("what nobody can read")
        structlog.reset_defaults()
        with suppress(OSError):
            full.close()

    assert "what can be kept again" in (tmp_path / "watchpost.log").read_text()
