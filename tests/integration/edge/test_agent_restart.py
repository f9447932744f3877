"""An agent that is asked to start again does so in the same process."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from paho.mqtt import publish

from bus_schemas.node import CommandEvent, HeartbeatEvent
from bus_schemas.topics import command_topic
from tests.broker import Broker
from tests.eventually import eventually
from tests.forked import Forked
from tests.ingest_double import ingest_double
from tests.running_agent import of

SENSOR = "/sites/YARD/devices/SENSOR"
CONFIG = """
broker: {{start: false, port: {port}}}
sites:
  - site: YARD
    devices:
      - {{device: SENSOR, node: yard, thermal: {{kind: scene, scene: thermal}}}}
"""


@contextmanager
def agent_process(port: int, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    config = folder / "watchpost.yaml"
    config.write_text(CONFIG.format(port=port))
    where = ("--config", str(config), "--data", str(folder / "data"))
    agent: subprocess.Popen[bytes] = Forked([sys.executable, "-m", "watchpost", "edge", "--node", "yard", *where])
    try:
        yield agent
    finally:
        agent.send_signal(signal.SIGTERM)
        agent.wait(30)


def test_an_agent_that_is_asked_to_starts_again_in_its_process_and_stops_when_it_is_told(
    broker: Broker, tmp_path: Path
) -> None:
    with ingest_double(broker.port) as ingest, agent_process(broker.port, tmp_path) as agent:
        beats = partial(of, ingest, HeartbeatEvent)
        eventually(beats)
        request = json.dumps({"request_id": "r1"})
        publish.single(command_topic(SENSOR, "restart_agent"), request, qos=1, port=broker.port)
        eventually(lambda: any(beat.data.status == "stopping" for beat in beats()))
        eventually(lambda: beats()[-1].data.status == "online")
        assert agent.poll() is None
        (answer,) = of(ingest, CommandEvent)

    assert (answer.data.name, answer.data.state) == ("restart_agent", "done")
    assert agent.returncode == 0
    assert [beat.data.status for beat in beats()].count("stopping") == 2
