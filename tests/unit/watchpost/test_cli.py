"""The command line: what it prints, and the code it ends with."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.server import CannotListen, listening
from mosquitto.launcher import free_port
from tests.command_line import run
from watchpost import VERSION

UNTIL_STOPPED = (
    "from watchpost.processes.runtime import stop_event\n"
    "stopping = stop_event()\n"
    "print('waiting', flush=True)\n"
    "stopping.wait()\n"
    "print('stopped cleanly')\n"
)


def test_it_says_its_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"watchpost {VERSION}\n"


def test_a_configuration_that_is_fine_is_summed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "watchpost.yaml"
    file.write_text("sites: [{site: A, devices: [{device: b, visual: {kind: rtsp, url: 'rtsp://camera/'}}]}]\n")

    assert run(monkeypatch, "config", "check", str(file)) == 0
    assert capsys.readouterr().out == f"{file} is fine: sites 1, devices 1, agents 1.\n"


def test_a_configuration_that_names_what_is_missing_here_ends_with_1_and_the_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "watchpost.yaml"
    file.write_text(
        "gateway: {token_file: /nowhere/token}\n"
        "alerts: {webhook_url_env: HOOK}\n"
        "sites:\n"
        "  - site: A\n"
        "    devices:\n"
        "      - {device: b, visual: {kind: rtsp, url_env: GATE_URL}}\n"
        "      - {device: c, visual: {kind: mjpeg, url_env: DOOR_URL}}\n"
        "      - {device: d, visual: {kind: rtsp, url_env: YARD_URL}}\n"
    )
    monkeypatch.setenv("DOOR_URL", "http://admin:se/cret@camera/")
    monkeypatch.setenv("YARD_URL", "rtsp://admin:secret@camera/")

    assert run(monkeypatch, "config", "check", str(file)) == 1
    reported = capsys.readouterr().err
    assert [line.split(": ")[1] for line in reported.splitlines()] == [
        "gateway.token_file",
        "sites[0].devices[0].visual.url_env",
        "sites[0].devices[1].visual.url_env",
        "alerts.webhook_url_env",
    ]
    assert all(name in reported for name in ("GATE_URL", "DOOR_URL", "HOOK", "%2F for /"))
    assert "cret" not in reported


def test_recordings_models_and_cameras_of_the_machine_that_are_missing_are_named_with_their_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, fifo, there = tmp_path / "watchpost.yaml", tmp_path / "fifo", tmp_path / "there.mp4"
    os.mkfifo(fifo)
    there.write_bytes(b"something")
    file.write_text(
        "sites:\n"
        "  - site: A\n"
        "    devices:\n"
        f"      - {{device: a, visual: {{kind: file, path: {there}}}}}\n"
        "      - device: b\n"
        "        visual: {kind: file, path: /nowhere.mp4}\n"
        f"        thermal: {{kind: thermal_csv, path: {fifo}}}\n"
        f"      - {{device: c, visual: {{kind: v4l2, path: {there}}}, detector: {{kind: onnx, model: {tmp_path}}}}}\n"
        "      - {device: d, thermal: {kind: thermal_csv, path: 'http://admin:secret@camera/x'}}\n"
    )

    assert run(monkeypatch, "config", "check", str(file)) == 1
    assert [line.split(": ", 1)[1] for line in capsys.readouterr().err.splitlines()] == [
        "sites[0].devices[1].visual.path: /nowhere.mp4: No such file or device",
        f"sites[0].devices[1].thermal.path: {fifo}: it is a pipe, not a file",
        f"sites[0].devices[2].visual.path: {there}: it is a file, not a video device",
        f"sites[0].devices[2].detector.model: {tmp_path}: it is a directory, not a file",
        "sites[0].devices[3].thermal.path: http://camera/x: No such file or device",
    ]


def test_a_camera_that_is_not_plugged_in_is_a_warning_of_a_configuration_that_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, away = tmp_path / "watchpost.yaml", tmp_path / "video0"
    file.write_text(f"sites: [{{site: A, devices: [{{device: a, visual: {{kind: v4l2, path: {away}}}}}]}}]\n")

    assert run(monkeypatch, "config", "check", str(file)) == 0
    said = capsys.readouterr()
    assert said.err == f"{file}: warning: sites[0].devices[0].visual.path: {away}: No such file or device\n"
    assert said.out == f"{file} is fine: sites 1, devices 1, agents 1.\n"


def test_the_link_of_an_agent_that_is_misspelt_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "watchpost.yaml"
    device = "{device: a, node: pi-1, visual: {kind: rtsp, url: 'rtsp://camera/'}}"
    file.write_text(f"nodes: [{{node: pi1, bytes_per_s: 50000}}]\nsites: [{{site: A, devices: [{device}]}}]\n")

    assert run(monkeypatch, "config", "check", str(file)) == 0
    assert capsys.readouterr().err == f"{file}: warning: nodes[0].node: no device has the agent pi1; there are pi-1\n"


@pytest.mark.parametrize("arguments", [("config", "check"), ("up", "--config"), ("edge", "--config")])
def test_a_configuration_that_is_wrong_ends_every_command_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    file = tmp_path / "watchpost.yaml"
    file.write_text("broker:\n  hots: x\n")

    assert run(monkeypatch, *arguments, str(file)) == 2
    assert capsys.readouterr().err == f"{file}:2: unknown key 'hots' in broker; did you mean 'host'?\n"


def test_rows_without_a_server_are_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "watchpost.yaml"
    file.write_text("hub: {warehouse: {kind: chdb}}\n")

    assert run(monkeypatch, "consume", "warehouse", "--config", str(file), "--data", str(tmp_path)) == 2
    assert capsys.readouterr().err == "hub.warehouse names no server: the gateway keeps the rows itself, with chDB\n"


def test_a_port_beyond_65535_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "up", "--port", "70000") == 2
    assert "--port" in capsys.readouterr().err


def test_the_configuration_s_schema_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "schema", "config") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "WatchpostConfig"


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_becomes_a_value_that_a_loop_can_wait_for(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", UNTIL_STOPPED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"

        process.send_signal(number)

        assert process.stdout.read() == "stopped cleanly\n"
    assert process.returncode == 0


@pytest.mark.processes
@pytest.mark.parametrize(("serving", "within_s"), [("stopping.serve()", 0.5), ("pass", 60.0)], ids=["held", "starting"])
def test_a_process_that_something_holds_or_that_only_starts_ends_all_the_same(serving: str, within_s: float) -> None:
    program = (
        "import threading\n"
        "from watchpost.processes.runtime import stop_event\n"
        f"stopping = stop_event({within_s})\n"
        f"{serving}\n"
        "print('waiting', flush=True)\n"
        "threading.Event().wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"

        process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 0
        assert ("ended before everything was closed" in process.stdout.read()) == (within_s < 1)


@pytest.mark.processes
@pytest.mark.parametrize("command", [["consume", "--except", "mosaics"], ["consume", "registry"], ["ingest"], ["edge"]])
def test_signals_are_blocked_before_a_library_starts_threads(command: list[str], tmp_path: Path) -> None:
    """A thread that does not block SIGTERM dies of it with the whole process, in the middle of its work."""
    program = (
        "import sys\n"
        "from watchpost.processes import entry_points\n"
        "from watchpost.cli import app\n"
        "entry_points.stop_event = lambda _: sys.exit(11 if 'numpy' in sys.modules else 10)\n"
        "app(sys.argv[1:])\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program, *command, "--data", str(tmp_path)], capture_output=True, check=False
    )

    assert ended.returncode == 10, ended.stderr.decode()


@pytest.mark.processes
def test_a_process_runs_without_the_streams_that_whoever_started_it_has_closed(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from watchpost.cli import main\n"
        "from watchpost.processes import entry_points\n"
        "entry_points.ingest = lambda runtime: sys.exit(10 if os.fstat(2) and sys.stderr.fileno() == 2 else 11)\n"
        "sys.argv[1:] = ['ingest', '--data', sys.argv[1]]\n"
        "main()\n"
    )

    command = 'exec "$0" -c "$1" "$2" <&- >&- 2>&-'
    ended = subprocess.run(["sh", "-c", command, sys.executable, program, str(tmp_path)], check=False)

    assert ended.returncode == 10


@pytest.mark.processes
def test_a_process_ends_although_a_thread_of_its_waits_for_a_name_server(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "import consumers.engine.runner as runner\n"
        "from watchpost.cli import app\n"
        "runner.run = lambda *_: ThreadPoolExecutor(1).submit(time.sleep, 600)\n"
        "app(sys.argv[1:])\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program, "consume", "registry", "--data", str(tmp_path)], check=False, timeout=120
    )

    assert ended.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("agents", "list", "--port", "{port}"),
        ("agents", "code", "pi-1", "--port", "{port}"),
        ("agents", "revoke", "pi-1", "--yes", "--port", "{port}"),
        ("agents", "configure", "pi-1", "{file}", "--port", "{port}"),
        ("agents", "versions", "pi-1", "--port", "{port}"),
        ("agents", "bring-back", "pi-1", "1", "--why", "it was better", "--port", "{port}"),
        ("edge", "--enrol", "AAAA@127.0.0.1:{port}", "--no-start"),
    ],
    ids=" ".join,
)
def test_where_nobody_listens_a_command_says_where_in_words(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    file, port = tmp_path / "agent.yaml", free_port()
    file.write_text("sites: []\n")
    data = () if arguments[0] == "agents" else ("--data", str(tmp_path / "data"))

    assert run(monkeypatch, *(one.format(port=port, file=file) for one in arguments), *data) == 2
    said = capsys.readouterr().err
    assert f"127.0.0.1:{port}" in said
    assert "nothing listens there (connection refused)" in said
    assert "Errno" not in said


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with listening("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"cannot listen on 127.0.0.1:{port}: another program has this port"):
            listening("127.0.0.1", port)
