"""The commands of `docs/raspberry-pi.md`, typed at a hub and on a machine of its own."""

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import yaml

from mosquitto.launcher import free_port
from tests.documents import Block, blocks
from tests.eventually import eventually
from tests.machine import ROOT, Machine
from tests.product import running

pytestmark = pytest.mark.end_to_end
PAGE = Path("docs/raspberry-pi.md")
WITHIN_S = 90.0
CAMERA, SENSOR = "visual: {kind: v4l2, path: /dev/video0}", "thermal: {kind: mlx90640}"
DRAWN = "visual: {kind: scene, scene: visual, place: gate}"
DRAWN_HEAT = "thermal: {kind: scene, scene: thermal, place: transformer}"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[httpx.Client, Path]]:
    """What the page says of its configuration, on free ports; and the file."""
    (block,) = blocks(PAGE, "yaml")
    config, port = yaml.safe_load(block.text), free_port()
    config["broker"]["agents"] |= {"host": "127.0.0.1", "port": free_port()}
    file = tmp_path / "watchpost.yaml"
    file.write_text(yaml.safe_dump({**config, "gateway": {"port": port}, "sites": []}))
    with running(tmp_path / "hub", ["--config", str(file), "--port", str(port)]) as (_product, client):
        eventually(lambda: client.get("/ready").status_code == 200, WITHIN_S, "the hub")
        yield client, file


def test_the_commands_make_a_machine_an_agent_and_take_it_back(hub: tuple[httpx.Client, Path], tmp_path: Path) -> None:
    client, config = hub
    address = f"{client.base_url.host}:{client.base_url.port}"
    configured, installed, variables, enrolled, brought_back, revoked = blocks(PAGE, "sh")
    texts = {CAMERA: DRAWN, SENSOR: DRAWN_HEAT, "python3 -m venv": "true", "runuser -u watchpost --": "env"}
    with closing(Machine(tmp_path / "machine", {**texts, "CODE@hub.example": f"$CODE@{address}"})) as machine:
        shutil.copy(ROOT / "deploy/systemd/watchpost-agent.service", machine.folder)
        command = machine.path("/usr/local/bin/watchpost")
        command.write_text(f'#!/bin/sh\nWATCHPOST_CONFIG={config} exec {sys.executable} -m watchpost "$@"\n')
        command.chmod(0o755)

        said = typed(machine, configured)
        code = re.search(r"^([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}) ", said, re.MULTILINE)
        assert code is not None, said
        assert re.search(r"^pi-1 +code_issued +none +1 +HEAD_OFFICE/LOADING_BAY$", said, re.MULTILINE)
        for block in (installed, variables, enrolled):
            said = typed(machine, block, CODE=code[1])
        assert f"This machine is the agent pi-1 of http://{address}" in said

        frames = {"source": "/sites/HEAD_OFFICE/devices/LOADING_BAY", "type": "watchpost.thermal.v1"}
        eventually(lambda: client.get("/api/v1/events", params=frames).json()["events"], WITHIN_S, "readings")
        said = typed(machine, brought_back)
        assert re.search(r"^Version 1  .* UTC by .+: (in force|on its way)$", said, re.MULTILINE), said
        assert "pi-1 is to run version 2, which says the same as version 1." in said
        assert "pi-1 is revoked." in typed(machine, revoked)
        log = machine.folder / "run/watchpost-agent.log"
        eventually(lambda: "broker refuses the connection" in log.read_text(), WITHIN_S, "its refusal by the broker")


def typed(machine: Machine, block: Block, **variables: str) -> str:
    """What the commands of a block print."""
    before = "".join(f"{name}={value}\n" for name, value in variables.items())
    done = machine.run(before + block.text, WITHIN_S)
    assert done.returncode == 0, f"{block.place}: {done.stdout}{done.stderr}"
    return done.stdout
