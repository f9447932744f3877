"""What deploy/ starts exists: commands, options and configurations."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import typer.main
import yaml

from consumers.engine.process_group import ProcessGroup
from tests.required import missing, unavailable
from watchpost.cli import app
from watchpost.configuration.config import load
from watchpost.configuration.environment import Secrets
from watchpost.processes.process_spec import ProcessPriority
from watchpost.processes.up import PROCESS_OF_GROUP

ALL_UNITS = sorted(Path("deploy/systemd").glob("*.service"))
BROKER = Path("deploy/systemd/watchpost-broker.service")
UNITS = [unit for unit in ALL_UNITS if unit != BROKER]
PROGRAM = "/opt/watchpost/.venv/bin/watchpost"
EXPOSURE = 40
"""Of 100, as `systemd-analyze security` counts what a unit may do that it need not."""


def compose() -> dict[str, Any]:
    text: dict[str, Any] = yaml.safe_load(Path("deploy/compose.yaml").read_text())
    return text


def parsed(arguments: list[str]) -> dict[str, Any]:
    """The parameters that our command line makes of them; it raises for an unknown command or option."""
    command = typer.main.get_group(app).commands[arguments[0]]
    return command.make_context(arguments[0], list(arguments[1:])).params


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    (line,) = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
    program, *arguments = line.removeprefix("ExecStart=").split()

    assert program == PROGRAM
    assert parsed(arguments)["data"] == Path("/var/lib/watchpost")


def test_the_unit_of_the_broker_starts_the_configuration_that_is_delivered() -> None:
    lines = BROKER.read_text().splitlines()

    assert "ExecStart=/usr/sbin/mosquitto -c /opt/watchpost/mosquitto/production.conf" in lines
    assert "User=mosquitto" in lines
    assert Path("mosquitto/production.conf").exists()


@pytest.mark.processes
@pytest.mark.parametrize("unit", ALL_UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong_with_a_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze is not installed: apt-get install systemd")
    copy = tmp_path / unit.name.replace("@", "@x")
    copy.write_text(unit.read_text().replace(PROGRAM, "/usr/bin/true").replace("/usr/sbin/mosquitto", "/usr/bin/true"))

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )

    assert [line for line in verified.stderr.splitlines() if copy.name in line] == []


@pytest.mark.processes
def test_units_take_from_their_processes_what_they_do_not_need() -> None:
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze is not installed: apt-get install systemd")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURE}", *map(str, ALL_UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize("unit", ALL_UNITS, ids=lambda unit: unit.name)
def test_no_secret_is_in_a_unit_or_on_its_command_line(unit: Path) -> None:
    lines = unit.read_text().splitlines()

    assert [line for line in lines if line.startswith(("Environment=", "PassEnvironment="))] == []
    assert [line for line in lines if re.search(r"(?i)token|password|secret", line) and not line.startswith("#")] == []


def test_the_image_has_the_packages_that_a_start_asks_for() -> None:
    """But for what only builds: `python3-venv`, and the clients of the broker, which no process runs."""
    wanted = re.search(r'^RUN_PACKAGES="(.*)"$', Path("dev").read_text(), re.MULTILINE)
    assert wanted is not None
    image = Path("deploy/Dockerfile").read_text().rpartition("\nFROM ")[2]

    assert {package for package in wanted[1].split() if not re.search(rf"\b{re.escape(package)}\b", image)} == {
        "mosquitto-clients",
        "python3-venv",
    }


@pytest.mark.parametrize("service", sorted(compose()["services"]))
def test_a_container_has_no_rights_beyond_its_user_s(service: str) -> None:
    reported = compose()["services"][service]

    assert reported["cap_drop"] == ["ALL"]
    assert reported["security_opt"] == ["no-new-privileges:true"]


def shares_of(service: str) -> int:
    """What a container gets of busy processors, beside others."""
    return int(compose()["services"][service].get("cpu_shares", 1024))


def test_containers_get_as_much_of_busy_processors_as_the_processes_of_one_machine() -> None:
    """Niceness counts within a container alone."""
    weights = {ProcessPriority.URGENT: 1024, ProcessPriority.INTERACTIVE: 340, ProcessPriority.BATCH: 100}
    groups = {name: parsed(one["command"])["group"] for name, one in compose()["services"].items() if consumes(one)}

    assert {shares_of(name) - weights[PROCESS_OF_GROUP[group].priority] for name, group in groups.items()} == {0}
    assert {shares_of(name) for name in ("broker", "ingest", "edge")} == {weights[ProcessPriority.URGENT]}
    assert shares_of("gateway") == weights[ProcessPriority.INTERACTIVE]


def consumes(service: Mapping[str, Any]) -> bool:
    return bool(service["command"][:1] == ["consume"])


def test_services_of_systemd_are_weighed_against_each_other_as_containers_are() -> None:
    """As shares of containers: 100 is what a service has that says nothing."""
    gateway = Path("deploy/systemd/watchpost-gateway.service").read_text().splitlines()
    batch = Path("deploy/systemd/batch.conf").read_text().splitlines()

    assert f"CPUWeight={shares_of('gateway') * 100 // 1024}" in gateway
    assert f"CPUWeight={-(-shares_of('consumers') * 100 // 1024)}" in batch


def test_the_gateway_s_plain_http_is_published_on_this_machine_alone() -> None:
    assert compose()["services"]["gateway"]["ports"] == ["127.0.0.1:8080:8080"]


@pytest.mark.processes
def test_the_installed_command_works_with_configuration_data_and_secrets_of_the_service(tmp_path: Path) -> None:
    program = tmp_path / ".venv" / "bin" / "watchpost"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nenv | grep -E '^(WATCHPOST|CAMERA|PATH_)' | sort\necho \"$@\"\n")
    program.chmod(0o755)
    (tmp_path / "environment").write_text(
        "# secrets\n\nCAMERA=rtsp://a:b@c/$HOME 'x' #1\nno name\nCAMERA-2=x\nexport CAMERA_3=x\n"
        "CAMERA_4=\"quoted #1\"\nCAMERA_5='of another system'\r\n  CAMERA_6 = a\\b \nCAMERA_7=\nCAMERA_8=last",
        newline="",
    )
    places = {"WATCHPOST_HOME": str(tmp_path), "WATCHPOST_ETC": str(tmp_path), "WATCHPOST_DATA": str(tmp_path)}

    said = subprocess.run(
        [str(Path("deploy/watchpost").resolve()), "verify", "two words"],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **places},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    assert said == [
        "CAMERA=rtsp://a:b@c/$HOME 'x' #1",
        "CAMERA_4=quoted #1",
        "CAMERA_5=of another system",
        "CAMERA_6=a\\b",
        "CAMERA_7=",
        "CAMERA_8=last",
        f"WATCHPOST_CONFIG={tmp_path}/watchpost.yaml",
        f"WATCHPOST_DATA={tmp_path}",
        f"WATCHPOST_ETC={tmp_path}",
        f"WATCHPOST_HOME={tmp_path}",
        "verify two words",
    ]


@pytest.mark.parametrize("service", sorted(set(compose()["services"]) - {"broker"}))
def test_a_container_starts_a_command_that_exists(service: str) -> None:
    arguments = compose()["services"][service]["command"]

    assert parsed(arguments)["data"] == Path("/var/lib/watchpost")


def test_every_volume_of_a_container_is_declared_or_a_path() -> None:
    used = {volume.split(":")[0] for service in compose()["services"].values() for volume in service.get("volumes", [])}

    assert {name for name in used if not name.startswith(".")} == set(compose()["volumes"])


def mounts(service: str) -> list[tuple[PurePosixPath, PurePosixPath, bool]]:
    """What is mounted where, and whether it can be written: paths of the machine, and the names of volumes."""
    found = []
    for volume in compose()["services"][service].get("volumes", []):
        source, target, *options = volume.split(":")
        found.append((PurePosixPath(source), PurePosixPath(target), "ro" not in options))
    return found


@pytest.mark.parametrize("service", sorted(compose()["services"]))
def test_nothing_is_mounted_inside_what_cannot_be_written(service: str) -> None:
    inside = [
        (str(target), str(outer))
        for _, target, _ in mounts(service)
        for _, outer, writable in mounts(service)
        if not writable and outer in target.parents
    ]

    assert inside == []


@pytest.mark.parametrize("service", sorted(compose()["services"]))
def test_a_container_is_given_the_secrets_of_its_configuration_and_no_others(service: str) -> None:
    described = compose()["services"][service]
    secrets = Secrets(load(Path("deploy") / ("edge.yaml" if service == "edge" else "watchpost.yaml")))
    match described.get("command"):
        case ["consume", "--group", group, *_]:
            needed = secrets.of_group(ProcessGroup(group))
        case ["ingest", *_]:
            needed = secrets.of_ingest()
        case ["gateway", *_]:
            needed = secrets.of_gateway()
        case ["edge", *_]:
            needed = secrets.of_agent("HEAD_OFFICE")
        case _:
            needed = set()

    assert set(described["environment"]) == needed


SECRETS = ["deploy/.env", "deploy/etc/server.key", "deploy/etc/passwords", "deploy/etc/ca.crt", "deploy/x.environment"]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_in_no_commit(secret: str) -> None:
    ignored = subprocess.run(["git", "check-ignore", "-q", secret], check=False)

    assert ignored.returncode == 0


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_in_no_image(secret: str) -> None:
    patterns = [line for line in Path(".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    # As docker has it: a pattern is of a path from the root, after `**` of one in any folder, with all that is in it.
    folders = [PurePosixPath(secret), *PurePosixPath(secret).parents]

    assert any(
        folder.match(pattern.removeprefix("**/")) if pattern.startswith("**/") else str(folder) == pattern
        for pattern in patterns
        for folder in folders
    )


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_what_a_unit_writes_is_its_user_s_alone(unit: Path) -> None:
    lines = unit.read_text().splitlines()

    assert {"UMask=0077", "StateDirectory=watchpost", "StateDirectoryMode=0700"} <= set(lines)


@pytest.mark.parametrize("name", ["watchpost.yaml", "edge.yaml"])
def test_the_configurations_that_are_delivered_are_fine(name: str) -> None:
    config = load(Path("deploy") / name)

    assert list(config.devices_by_node()) == ["HEAD_OFFICE"]
    assert not config.broker.start


@pytest.mark.processes
def test_the_installed_command_works_as_the_owner_of_the_data(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        unavailable("only root works as somebody else")
    runuser = tmp_path / "runuser"
    runuser.write_text('#!/bin/sh\necho "$@"\n')
    runuser.chmod(0o755)
    data = tmp_path / "data"
    data.mkdir()
    shutil.chown(data, "nobody")
    places = {"WATCHPOST_HOME": "/opt/w", "WATCHPOST_ETC": str(tmp_path), "WATCHPOST_DATA": str(data)}

    said = subprocess.run(
        [str(Path("deploy/watchpost").resolve()), "rebuild", "health"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", **places},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert said == "-u nobody -- /opt/w/.venv/bin/watchpost rebuild health\n"
