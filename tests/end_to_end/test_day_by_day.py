"""The commands of `docs/day-by-day.md`, typed one after the other on a machine of their own."""

import json
import re
import sqlite3
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from consumers.store.archive.reader import ArchiveReader
from tests.bench.memory import memory_of
from tests.documents import Block, blocks
from tests.eventually import eventually
from tests.loopback import NO_TLS
from tests.machine import Machine, free_ports

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]

PAGE = Path("docs/day-by-day.md")
WITHIN_S = 600.0
DRAWN = """\
sites:
  - site: DRAWN
    devices:
      - device: GATE
        node: HEAD_OFFICE
        visual: {kind: scene, scene: visual, place: gate, audio: true}
        detector: {kind: scene}
      - device: TRANSFORMER
        node: HEAD_OFFICE
        thermal: {kind: scene, scene: thermal, place: transformer}
"""
"""Beside the camera of the page, which is nowhere, and in its agent."""


@dataclass(frozen=True)
class Day:
    """What was typed, and what came of it."""

    machine: Machine
    address: str
    ports: dict[str, int]
    typed: list[Block]
    output: str
    errors: str
    code: int

    def file(self, path: str) -> Path:
        return self.machine.path(path)

    def ask(self, path: str) -> httpx.Response:
        name, _, value = self.file("/etc/watchpost/header").read_text().strip().partition(": ")
        return httpx.get(f"{self.address}{path}", headers={name: value}, timeout=20, verify=NO_TLS)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    ports = dict(zip(("8080", "8883", "8884", "9883", "11883"), free_ports(5), strict=True))
    address = f"http://127.0.0.1:{ports['8080']}"
    listeners = {f"listener {name}": f"listener {port} 127.0.0.1" for name, port in ports.items()}
    own = f"broker: {{port: {ports['11883']}}}\ngateway:\n  port: {ports['8080']}\n"
    machine = Machine(
        tmp_path_factory.mktemp("machine"),
        {"http://127.0.0.1:8080": address, "192.0.2.10": "127.0.0.1:9", "hub.example": "localhost",
         "gateway:\n  token": f"{own}  token", "sites:\n": DRAWN, **listeners},
    )  # fmt: skip
    typed = blocks(PAGE, "sh")
    script = "\n".join(f"echo '@@ {block.place}' $(date +%T) >&2\n{block.text}" for block in typed)
    try:
        done = machine.run(script, WITHIN_S)
        yield Day(machine, address, ports, typed, done.stdout, done.stderr, done.returncode)
    finally:
        machine.close()


def test_every_command_of_the_page_does_what_it_says(day: Day) -> None:
    log = "\n".join(file.read_text()[-2000:] for file in (day.machine.folder / "run").glob("*.log"))

    assert day.code == 0, f"{day.errors[-3000:]}\n{log}"
    assert day.errors.count("@@ ") == len(day.typed)


def test_what_is_secret_can_be_read_by_root_and_the_service_alone(day: Day) -> None:
    """The modes; the owners are not on this machine."""
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in day.file("/etc/watchpost").iterdir()
        if path.name not in ("ca.crt", "server.crt")
    }

    assert {name for name, mode in modes.items() if mode & 0o007} == set()
    assert {name for name, mode in modes.items() if mode & 0o070} == {
        "token", "watchpost.yaml", "server.key", "own_passwords", "passwords", "acl",
    }  # fmt: skip
    assert stat.S_IMODE(day.file("/var/lib/watchpost").stat().st_mode) == 0o700
    assert stat.S_IMODE(day.file("/mnt/backup/watchpost").stat().st_mode) == 0o700


def test_no_secret_is_on_a_command_line(day: Day) -> None:
    secrets = [day.file("/etc/watchpost/token").read_text().strip()]
    secrets += [line.rpartition(":")[2] for line in day.file("/etc/watchpost/users").read_text().splitlines()]
    running = [Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace") for pid in day.machine.pids()]

    assert len(running) > 5
    assert [line for line in running if any(secret in line for secret in [*secrets, "user:password"])] == []
    assert "user:password" not in day.output + day.errors
    assert not any(secret in day.output + day.errors for secret in secrets)


def test_the_page_asks_for_the_token(day: Day) -> None:
    assert httpx.get(f"{day.address}/api/v1/sites", timeout=20, verify=NO_TLS).status_code == 401
    assert day.ask("/api/v1/sites").status_code == 200


def test_a_device_that_was_added_is_there_after_a_restore(day: Day) -> None:
    devices = day.ask("/api/v1/sites/HEAD_OFFICE/devices").json()

    assert "DOOR" in json.dumps(devices)


def test_zones_that_were_set_hold_after_an_update(day: Day) -> None:
    def zones() -> Any:
        return day.ask("/api/v1/sites/HEAD_OFFICE/devices/ENTRANCE/zones").json().get("zones")

    [zone] = eventually(zones, what="the zones, in a view that is folded again")
    assert (zone["name"], zone["restricted"]) == ("door", True)


@pytest.mark.parametrize("user", ["hub", "gateway", "pi-1"])
def test_each_user_signs_in_at_the_broker_with_its_password_and_the_certificate(day: Day, user: str) -> None:
    assert signed_in(day, user, password_of(day, user, "users"), day.ports["8884"]) == "Success"
    assert signed_in(day, user, "wrong", day.ports["8884"]) == "Not authorized"


def test_a_foreign_device_signs_in_at_the_listener_of_devices(day: Day) -> None:
    user = "HEAD_OFFICE/DOOR"

    assert signed_in(day, user, password_of(day, user, "foreign_users"), day.ports["8883"]) == "Success"


def password_of(day: Day, user: str, file: str) -> str:
    lines = day.file(f"/etc/watchpost/{file}").read_text().splitlines()
    return next(line.rpartition(":")[2] for line in lines if line.startswith(f"{user}:"))


def signed_in(day: Day, user: str, password: str, port: int) -> str:
    """What the broker answers to a connection, whose certificate is checked."""
    answers: list[str] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set_context(ssl.create_default_context(cafile=str(day.file("/etc/watchpost/ca.crt"))))
    client.username_pw_set(user, password)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(str(reason))
    eventually(lambda: client.connect("localhost", port) == mqtt.MQTT_ERR_SUCCESS, what="the broker")
    client.loop_start()
    try:
        return eventually(lambda: answers, what="its answer")[0]
    finally:
        client.disconnect()
        client.loop_stop()


def test_the_access_list_lets_an_agent_write_what_is_its_devices(day: Day) -> None:
    lines = day.file("/etc/watchpost/acl").read_text().partition("user pi-1\ntopic")[2].splitlines()

    assert "topic write watchpost/v1/HEAD_OFFICE/HALL/event/#" in lines
    assert "topic readwrite watchpost/v1/HEAD_OFFICE/YARD/claim" in lines


def test_metrics_have_what_the_dashboard_and_the_rules_ask_for(day: Day) -> None:
    shown = day.ask("/metrics").text
    asked = set(
        re.findall(r"watchpost_[a-z_]+", "".join(path.read_text() for path in Path("deploy/monitoring").iterdir()))
    )

    assert {name for name in asked if not re.search(rf"^(# TYPE )?{name}\b", shown, re.MULTILINE)} == set()


README = Path("README.md")


def test_the_foreign_device_of_the_readme_is_heard(day: Day) -> None:
    (program,) = blocks(README, "python")
    text = program.text.replace("port=11883", f"port={day.ports['11883']}")
    subprocess.run([sys.executable, "-c", text], check=True, timeout=60)

    def received() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = day.ask("/api/v1/events?source=/sites/DEMO/devices/DOOR").json()["events"]
        return found

    [event] = eventually(received, what="the event of the device")
    assert event["event"]["type"] == "watchpost.detection.v1"
    eventually(lambda: day.ask("/api/v1/sites/DEMO/devices").is_success, what="its site in the registry")


WINDOW_S = 10.0
FACTOR = 2.0
"""How far what is computed may be from what is measured, on a machine that is busy with other tests."""


def test_sizing_comes_near_to_what_drawn_devices_send(day: Day) -> None:
    """Nothing of it is measured by `size` itself: it looks at an empty data directory."""
    reported = day.machine.run("watchpost size --json --disk-gb 100 --data /mnt/backup/nothing", 60).stdout
    size = json.loads(reported)
    computed = {
        device: [each["flow"] for each in size["flows"] if (each["site"], each["device"]) == ("DRAWN", device)]
        for device in ("GATE", "TRANSFORMER")
    }
    begin = time.time()
    eventually(lambda: time.time() > begin + WINDOW_S + 1, within=2 * WINDOW_S, what="the end of the window")

    for device, flows in computed.items():
        counts, bodies = journaled(day, device, begin)
        events = [flow for flow in flows if flow["role"] == "event"]
        assert within(sum(counts.values()) / WINDOW_S, sum(flow["per_s"] for flow in events)), (device, counts)
        assert within(bodies / WINDOW_S, sum(flow["per_s"] * flow["size"] for flow in events)), (device, bodies)
        for flow in (flow for flow in events if flow["per_s"] >= 1 and flow["name"] != "detection"):
            assert within(counts.get(flow["name"], 0) / WINDOW_S, flow["per_s"]), (device, flow, counts)
    sizes = {(flow["name"]): flow["size"] for flow in computed["GATE"] if flow["role"] == "medium"}
    with ArchiveReader(day.file("/var/lib/watchpost/archive")) as archive:
        kept = {
            use.kind: use.bytes / use.count for use in archive.usage() if (use.site, use.device) == ("DRAWN", "GATE")
        }
    for kind in ("capture", "thumbnail"):
        assert within(kept[kind], sizes[kind]), (kind, kept, sizes)
    memory = sum(memory_of(pid).pss for pid in day.machine.pids())
    assert within(memory, sum(part["megabytes"] for part in size["memory"])), (memory, size["memory"])


def within(measured: float, computed: float) -> bool:
    return computed / FACTOR <= measured <= computed * FACTOR


def journaled(day: Day, device: str, begin: float) -> tuple[dict[str, int], int]:
    """What came from a device within the window: by type how many, and bytes of them all."""
    (file,) = sorted(day.file("/var/lib/watchpost/journal").glob("*.sqlite"))[-1:]
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as journal:
        rows = journal.execute(
            "select name, count(*), sum(length(body)) from events join types using (type) join streams using (stream)"
            " where source = ? and events.received >= ? and events.received < ? group by name",
            (f"/sites/DRAWN/devices/{device}", begin * 1e6, (begin + WINDOW_S) * 1e6),
        ).fetchall()
    return {name.split(".")[1]: count for name, count, _ in rows}, sum(size for _, _, size in rows)


def test_an_agent_that_moves_takes_its_outbox_and_settings_along(tmp_path: Path) -> None:
    old, new = (Machine(tmp_path / name, {}) for name in ("old", "new"))
    for machine in (old, new):
        machine.path("/var/lib/watchpost").mkdir()
    (old.path("/var/lib/watchpost") / "outbox").mkdir()
    (old.path("/var/lib/watchpost") / "agent").mkdir()
    (old.path("/var/lib/watchpost") / "outbox" / "pi-1.sqlite").write_text("an outbox")
    machines, copied = {"sh old": old, "sh new": new}, Path("/var/backups/pi-1.tar.gz")

    typed = blocks(PAGE, *machines)
    for block in typed:
        done = machines[block.info].run(block.text.replace("enable --now", "enable"), 60)
        assert done.returncode == 0, f"{block.place}: {done.stderr}"
        if old.path(str(copied)).exists():
            new.path(str(copied)).write_bytes(old.path(str(copied)).read_bytes())

    assert [block.info for block in typed] == ["sh old", "sh new", "sh old"]
    assert (new.path("/var/lib/watchpost") / "outbox" / "pi-1.sqlite").read_text() == "an outbox"
    assert list(old.path("/var/lib/watchpost").iterdir()) == []
