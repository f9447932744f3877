"""A machine with the wheel becomes an agent by a one-time code, takes configurations from the hub, and is revoked."""

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from mosquitto.launcher import free_port
from tests.eventually import eventually
from tests.installed_wheel import build, install
from tests.product import running

pytestmark = pytest.mark.end_to_end
ADA = {"by": "ada"}
WITHIN_S = 90.0


@dataclass
class Machine:
    """Another machine: an installation of its own, with nothing of the hub but its address."""

    python: Path
    folder: Path
    running: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def edge(self, *arguments: str, data: str = "data") -> list[str]:
        return [str(self.python), "-m", "watchpost", "edge", "--data", str(self.folder / data), *arguments]

    def try_to_enrol(self, target: str, data: str = "other") -> str:
        """What it says when it is refused."""
        command = self.edge("--enrol", target, "--no-start", data=data)
        ended = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self.folder, env=environment(), timeout=60
        )
        assert ended.returncode == 2, ended.stdout + ended.stderr
        return ended.stderr

    @contextmanager
    def agent(self, *arguments: str) -> Iterator[None]:
        with (self.folder / "agent.log").open("ab") as log:
            self.running = subprocess.Popen(
                self.edge(*arguments), stdout=log, stderr=log, cwd=self.folder, env=environment()
            )
        try:
            yield
        finally:
            self.running.terminate()
            assert self.running.wait(20) == 0, self.log()

    def log(self) -> str:
        return (self.folder / "agent.log").read_text()


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    python = install(build(folder), folder / "installed")
    yield Machine(python, folder)
    shutil.rmtree(folder / "installed")


@dataclass(frozen=True)
class HubWithAgents:
    client: httpx.Client
    data: Path

    @property
    def address(self) -> str:
        return str(self.client.base_url).removeprefix("http://").rstrip("/")

    def configure(self, devices: list[dict[str, Any]], **more: Any) -> int:
        """The version that is wanted then."""
        configuration = {"sites": [{"site": "FIELD", "name": "The field", "devices": devices}], **more}
        body = {**ADA, "configuration": yaml.safe_dump(configuration)}
        version: int = self.ask("PUT", "configuration", body)["wanted"]["version"]
        return version

    def ask(self, method: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
        """A machine under load answers 503 with Retry-After."""

        def answered() -> httpx.Response | None:
            answer = self.client.request(method, f"/api/v1/enrolments/pi-1/{what}", json=body)
            return None if answer.status_code == 503 else answer

        answer = eventually(answered, WITHIN_S, f"an answer to {what}")
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def agent(self) -> dict[str, Any]:
        answer = self.client.get("/api/v1/enrolments/pi-1")
        found: dict[str, Any] = answer.json()
        return found

    def runs(self, version: int) -> bool:
        return (self.agent()["in_force"] or {}).get("version") == version

    def accounts(self) -> str:
        return "".join((self.data / "agents/accounts" / name).read_text() for name in ("passwords", "acl"))

    def events(self, device: str, kind: str, after: int = 0) -> list[dict[str, Any]]:
        asked: dict[str, str | int] = {
            "source": f"/sites/FIELD/devices/{device}",
            "type": f"watchpost.{kind}.v1",
            "after": after,
        }
        found: list[dict[str, Any]] = self.client.get("/api/v1/events", params=asked).json()["events"]
        return found


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubWithAgents]:
    config = tmp_path / "watchpost.yaml"
    agents = {"host": "127.0.0.1", "port": free_port()}
    config.write_text(yaml.safe_dump({"broker": {"agents": agents}, "sites": []}))
    with running(tmp_path / "hub", ["--config", str(config)]) as (_product, client):
        eventually(lambda: client.get("/ready").status_code == 200, WITHIN_S, "the hub")
        yield HubWithAgents(client, tmp_path / "hub")


def camera(device: str, place: str = "gate") -> dict[str, Any]:
    return {"device": device, "visual": {"kind": "scene", "scene": "visual", "place": place}}


def test_a_machine_becomes_an_agent_takes_configurations_and_is_revoked(machine: Machine, hub: HubWithAgents) -> None:
    first = hub.configure([camera("GATE")])
    code = str(hub.ask("POST", "code", ADA)["code"])

    assert "this code is not valid" in machine.try_to_enrol(f"AAAA-AAAA-AAAA@{hub.address}")
    with machine.agent("--enrol", f"{code.lower()}@{hub.address}"):
        eventually(lambda: hub.events("GATE", "frame"), WITHIN_S, "frames of the agent on the hub")
        identity = json.loads((machine.folder / "data/enrolment/identity.json").read_text())
        assert stat.S_IMODE((machine.folder / "data/enrolment/identity.json").stat().st_mode) == 0o600
        assert "this code is not valid" in machine.try_to_enrol(f"{code}@{hub.address}")
        eventually(lambda: hub.runs(first), WITHIN_S, "the first version in force")
        sites = hub.client.get("/api/v1/sites").json()["sites"]
        assert [site["name"] for site in sites if site["site"] == "FIELD"] == ["The field"]

        second = hub.configure([camera("GATE"), camera("HALL", "hall")])
        eventually(lambda: hub.runs(second), WITHIN_S, "the second version in force")
        eventually(lambda: hub.events("HALL", "frame"), WITHIN_S, "frames of the new camera")

        unreachable = {"device": "GATE", "visual": {"kind": "rtsp", "url": f"rtsp://127.0.0.1:{free_port()}/nothing"}}
        third = hub.configure([unreachable], comes_up_within_s=5)
        refused = eventually(lambda: hub.agent()["refused"], WITHIN_S, "the refusal")
        assert refused["version"] == third
        assert re.search(r"did not come up within 5 s: /sites/FIELD/devices/GATE: .*refused", refused["reason"])
        assert hub.runs(second)
        head = hub.events("HALL", "frame")[-1]["position"]
        eventually(lambda: hub.events("HALL", "frame", head), WITHIN_S, "frames after the return")

        fourth = hub.configure([{"device": "GATE", "visual": {"kind": "rtsp", "url_env": "NO_SUCH_CAMERA"}}])
        eventually(lambda: hub.agent()["refused"]["version"] == fourth, WITHIN_S, "the refusal of a missing variable")
        assert "NO_SUCH_CAMERA" in hub.agent()["refused"]["reason"]

        assert identity["user"] in hub.accounts()
        assert hub.ask("POST", "revoke", ADA)["state"] == "revoked"
        eventually(lambda: "broker refuses the connection" in machine.log(), WITHIN_S, "its refusal by the broker")
        assert identity["user"] not in hub.accounts()

    events = agent_events(hub)
    states = [event["event"]["data"]["state"] for event in events]
    assert states[:5] == ["configured", "code_issued", "enrolled", "applied", "configured"]
    assert states[-4:] == ["refused", "configured", "refused", "revoked"]
    assert not [one for one in (code, identity["password"]) if one in json.dumps(events)]


def agent_events(hub: HubWithAgents) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = hub.client.get("/api/v1/events", params={"type": "watchpost.agent.v1"}).json()[
        "events"
    ]
    return found
