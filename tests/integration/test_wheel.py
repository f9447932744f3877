"""An agent is installed from the wheel alone, without the packages of the hub."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.broker import Broker
from tests.eventually import eventually
from tests.installed_wheel import HUB_ONLY, SOURCES, build, install

CONFIGURATION = """\
broker: {{start: false, port: {port}}}
sites:
  - site: WHEEL
    devices:
      - device: GATE
        visual: {{kind: scene, scene: visual, place: gate}}
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("installed")
    yield install(wheel, place)
    shutil.rmtree(place)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def subscribed(broker: Broker, received: list[str]) -> mqtt.Client:
    """A subscriber that notes the topics of all messages."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = lambda _client, _data, message: received.append(message.topic)
    client.on_connect = lambda client, *_: client.subscribe("#")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    return client


def test_the_wheel_holds_every_module_and_what_the_broker_reads(wheel: Path) -> None:
    with ZipFile(wheel) as file:
        inside = set(file.namelist())
    modules = {str(path) for name in SOURCES for path in Path(name).rglob("*.py") if "web" not in path.parts}

    assert modules | {"mosquitto/acl", "mosquitto/mosquitto.conf", "bus_schemas/py.typed"} <= inside


def test_an_agent_runs_without_a_package_of_the_hub(python: Path, tmp_path: Path, own_broker: Broker) -> None:
    absent = f"import importlib.util as u; print([n for n in {sorted(HUB_ONLY)} if u.find_spec(n)])"
    assert (
        subprocess.run([python, "-c", absent], check=True, capture_output=True, text=True, env=environment()).stdout
        == "[]\n"
    )
    (tmp_path / "watchpost.yaml").write_text(CONFIGURATION.format(port=own_broker.port))

    received: list[str] = []
    log = tmp_path / "agent.log"
    with log.open("wb") as output:
        agent = subprocess.Popen(
            [python, "-m", "watchpost", "edge", "--data", "data"], stderr=output, cwd=tmp_path, env=environment()
        )
    watching = subscribed(own_broker, received)
    try:
        eventually(lambda: "agent started" in log.read_text() or agent.poll(), what="its start")
        assert agent.poll() is None, log.read_text()
        eventually(lambda: [one for one in received if "/event/" in one], what="its first events")
    finally:
        watching.disconnect()
        watching.loop_stop()
        agent.terminate()
        assert agent.wait(20) == 0, log.read_text()
