"""What the tutorial says is done: its code is put into a copy of the tree, tested, served, rebuilt and verified."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.publish as publish
import pytest
import yaml

from bus_schemas.codec import to_bytes
from bus_schemas.topics import event_topic
from mosquitto.launcher import free_port
from tests import builders, doc_blocks
from tests.broker import Broker
from tests.doc_blocks import Block, apply, environment, run
from tests.eventually import eventually
from tests.faults.mutants import copy_tree
from tests.loopback import NO_TLS

pytestmark = pytest.mark.processes

TUTORIAL = Path("docs/tutorial.md")
MOST_LINES = 60
_ROUTE = re.compile(r"^GET (\S+)\n\n(\{.*\})$", re.MULTILINE)


def blocks() -> list[Block]:
    return doc_blocks.blocks(TUTORIAL)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product with what the tutorial adds."""
    tree = tmp_path_factory.mktemp("tree")
    copy_tree(tree)
    for block in blocks():
        if block.kind != "sh":
            apply(tree, block)
    return tree


def commands(first: str) -> list[list[str]]:
    return doc_blocks.commands(blocks(), first)


def test_a_projection_with_its_question_and_route_is_less_than_sixty_lines_of_code() -> None:
    counted = [block.lines for block in blocks() if block.is_code]
    observed = [int(number) for number in re.findall(r"^\| .* \| (\d+) \|$", TUTORIAL.read_text(), re.MULTILINE)]

    assert len(counted) == 4
    assert observed == counted
    assert sum(counted) < MOST_LINES
    assert f", {sum(counted)} lines of\ncode" in TUTORIAL.read_text()


def test_its_code_is_as_ours(tree: Path) -> None:
    files = [block.file for block in blocks() if block.kind != "sh"]

    run(tree, "-m", "ruff", "check", *files)
    run(tree, "-m", "ruff", "format", "--check", *files)


def test_its_contract_tests_come_with_the_registration(tree: Path) -> None:
    [arguments] = commands("python")

    passed = re.search(r"(\d+) passed", run(tree, *arguments, "-p", "no:cacheprovider"))

    assert passed is not None
    assert int(passed[1]) >= 9


def test_its_own_test_holds(tree: Path) -> None:
    [test] = [block.file for block in blocks() if block.file.startswith("tests/")]

    assert "1 passed" in run(tree, "-m", "pytest", "-p", "no:cacheprovider", test)


@contextmanager
def running(tree: Path, *arguments: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "watchpost", *arguments], cwd=tree, env=environment(tree), stderr=subprocess.DEVNULL
    )
    try:
        yield
        assert process.poll() is None, f"{arguments} ended with {process.returncode}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@dataclass(frozen=True)
class Hub:
    """A hub of the copy: its files, as options of the command line, and the ports of its broker and its gateway."""

    options: list[str]
    mqtt_port: int
    port: int

    @contextmanager
    def runs(self, tree: Path) -> Iterator[None]:
        with ExitStack() as stack:
            for part in (["ingest"], ["consume", "registry", "busiest"], ["gateway", "--port", str(self.port)]):
                mqtt = ["--mqtt-port", str(self.mqtt_port)]
                stack.enter_context(running(tree, *part, *self.options, *mqtt, "--log-format", "json"))
            yield

    def get(self, path: str) -> httpx.Response | None:
        """None where nobody answers yet."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=20, verify=NO_TLS, trust_env=False)
        except httpx.TransportError:
            return None


@pytest.fixture
def hub(broker: Broker, tmp_path: Path) -> Hub:
    config = tmp_path / "watchpost.yaml"
    door = {"device": "DOOR", "visual": {"kind": "scene", "scene": "visual"}}
    config.write_text(yaml.safe_dump({"sites": [{"site": "DEMO", "name": "Demo", "devices": [door]}]}))
    return Hub(["--config", str(config), "--data", str(tmp_path / "data")], broker.port, free_port())


def answered(hub: Hub, path: str) -> Any:
    """The answer, once it holds the event that was published."""
    found = hub.get(path)
    return found.json() if found is not None and found.status_code == 200 and found.json()["days"] else None


def test_its_route_answers_and_its_view_is_rebuilt_and_verified(tree: Path, hub: Hub) -> None:
    [(path, answer)] = _ROUTE.findall(TUTORIAL.read_text())
    seen = json.loads(answer)["days"][0]
    event = builders.detection(seen["time"], people_count=seen["people"], device="DOOR", id="eight")
    with hub.runs(tree):
        eventually(lambda: hub.get("/ready"), what="the gateway")
        eventually(lambda: _is_in_the_log(hub, event), what="the event in the log")
        assert eventually(lambda: answered(hub, path)) == json.loads(answer)
        refused = eventually(lambda: hub.get(f"{path}?limit=0"))
        unknown = eventually(lambda: hub.get(path.replace("DOOR", "ROOF")))
        api = eventually(lambda: hub.get("/api/openapi.json"))
        assert (refused.status_code, unknown.status_code) == (400, 404)
        assert path.replace("DEMO", "{site}").replace("DOOR", "{device}") in api.json()["paths"]
        rebuild, verify = commands("watchpost")
        assert "busiest is folded again" in run(tree, "-m", "watchpost", *rebuild, *hub.options)
        assert eventually(lambda: answered(hub, path)) == json.loads(answer)
    observed = run(tree, "-m", "watchpost", *verify, *hub.options)
    assert "busiest: equals the fold of the journal" in observed
    assert "everything is as it should be" in observed


def _is_in_the_log(hub: Hub, event: Any) -> bool:
    """A foreign device repeats what it has to say until it is heard: ingest may not have subscribed yet."""
    publish.single(event_topic(event.source, "detection"), to_bytes(event), qos=1, port=hub.mqtt_port)
    found = hub.get("/api/v1/events?type=detection")
    return found is not None and found.status_code == 200 and "eight" in found.text
