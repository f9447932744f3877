"""The processes of `deploy/compose.yaml` in the layout of its containers, where there is no engine for these."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.documents import blocks
from tests.eventually import eventually
from tests.loopback import NO_TLS
from tests.machine import Machine, free_ports

pytestmark = pytest.mark.end_to_end

DEPLOY = Path("deploy")
PASSWORDS = {"hub": "of-the-hub", "gateway": "of-the-gateway", "HEAD_OFFICE/EMPLOYEE_AREA": "of-the-agent"}
VARIABLES = {
    "WATCHPOST_MQTT_PASSWORD": PASSWORDS["hub"],
    "WATCHPOST_GATEWAY_MQTT_PASSWORD": PASSWORDS["gateway"],
    "WATCHPOST_AGENT_PASSWORD": PASSWORDS["HEAD_OFFICE/EMPLOYEE_AREA"],
    "WATCHPOST_TOKEN": "a-token-of-this-test",
    "EMPLOYEE_AREA_URL": "rtsp://127.0.0.1:9/nowhere",
}
"""What `deploy/.env` holds."""
ENDS_WITHIN_S = 30.0


class Containers:
    """Each service runs with its own mounts and secrets alone. Files that are mounted are copied with ports that are
    free here, and with the name of this machine for that of the broker.
    """

    def __init__(self, folder: Path) -> None:
        self.services: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
        self.ports = dict(zip(("8080", "8883", "8884", "9883"), free_ports(4), strict=True))
        texts = {f"listener {name}": f"listener {port} 127.0.0.1" for name, port in self.ports.items()}
        self._machine = Machine(folder, {**texts, "hub.example": "localhost"})
        self._make_certificates_and_users()

    def _make_certificates_and_users(self) -> None:
        """As the page says."""
        certificates = next(block for block in blocks(Path("docs/day-by-day.md"), "sh") if "-CAkey" in block.text)
        users = "".join(f"{user}:{password}\n" for user, password in PASSWORDS.items())
        etc = self._machine.path("/etc/watchpost")
        (etc / "own_passwords").write_text(users)
        (etc / "passwords").write_text("")
        done = self._machine.run(f"{certificates.text}\nmosquitto_passwd -U own_passwords", 60)
        assert done.returncode == 0, done.stderr
        named = self._machine.run("openssl x509 -noout -ext subjectAltName -in /etc/watchpost/server.crt", 60).stdout
        assert "DNS:broker" in named, "the processes of the containers know the broker by this name"

    def start(self, name: str) -> subprocess.Popen[bytes]:
        service = self.services[name]
        words: list[str] = [*(service.get("entrypoint") or entrypoint()), *service["command"]]
        places = dict(self._mounted(volume) for volume in service["volumes"])
        environment = {
            key: re.sub(r"^\$\{(\w+):\?.*\}$", lambda match: VARIABLES[match[1]], value)
            for key, value in service["environment"].items()
        }
        return subprocess.Popen(
            [self._placed(word, places) for word in words],
            env={**self._machine.environment, **environment},
            cwd=self._machine.folder,
            start_new_session=True,
        )

    def _mounted(self, volume: str) -> tuple[str, str]:
        """Where a container sees something, and where that is here."""
        source, target, *_ = volume.split(":")
        if not source.startswith("."):
            place = self._machine.folder / "volumes" / source
            place.mkdir(parents=True, exist_ok=True)
            return target, str(place)
        if source.startswith("./etc/"):
            return target, str(self._machine.path(f"/etc/watchpost/{Path(source).name}"))
        place = self._machine.path(f"/etc/watchpost/{Path(source).name}")
        text = (DEPLOY / source).read_text().replace("host: broker", "host: localhost").replace("0.0.0.0", "127.0.0.1")
        for name, port in self.ports.items():
            text = text.replace(f"port: {name}", f"port: {port}")
        place.write_text(self._machine.mapped(text) if place.suffix == ".yaml" else text)
        return target, str(place)

    def _placed(self, word: str, places: dict[str, str]) -> str:
        return places.get(word) or self._machine.mapped(word)


def entrypoint() -> list[str]:
    (words,) = re.findall(r"^ENTRYPOINT (.*)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    found: list[str] = json.loads(words)
    return found


@contextmanager
def running(containers: Containers) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    processes = {name: containers.start(name) for name in containers.services}
    try:
        yield processes
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.kill()
            process.wait(ENDS_WITHIN_S)


def test_the_containers_processes_find_each_other_with_their_mounts_and_secrets(tmp_path: Path) -> None:
    containers = Containers(tmp_path)
    token = {"Authorization": f"Bearer {VARIABLES['WATCHPOST_TOKEN']}"}
    with (
        running(containers) as processes,
        httpx.Client(
            base_url=f"http://127.0.0.1:{containers.ports['8080']}", headers=token, timeout=20, verify=NO_TLS
        ) as gateway,
    ):

        def answered(path: str) -> Any:
            assert {name: process.poll() for name, process in processes.items()} == dict.fromkeys(processes)
            try:
                answer = gateway.get(path)
            except httpx.TransportError:
                return None
            return answer.json() if answer.status_code == 200 else None

        def reason() -> Any:
            health = answered("/api/v1/sites/HEAD_OFFICE/devices/EMPLOYEE_AREA/health")
            return health and health.get("reason")

        eventually(lambda: answered("/ready"), within=120, what="the whole hub")
        # The agent has looked for its camera, said so on the bus as its own user, and the hub has folded that.
        assert eventually(reason, what="the reason of the camera that is nowhere")

        for name in reversed(processes):
            processes[name].send_signal(signal.SIGTERM)
        codes = {name: process.wait(ENDS_WITHIN_S) for name, process in processes.items()}

    assert codes == dict.fromkeys(processes, 0)
    mode = (tmp_path / "volumes" / "hub" / "journal").stat().st_mode
    assert mode & 0o077 == 0
