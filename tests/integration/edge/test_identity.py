"""Two agents with one identity at a real broker: one stays, the other one says why it does not run."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from socket import gethostname

import pytest
import yaml

from bus_schemas.node import HealthEvent, StateEvent
from bus_schemas.streams import outbox_epoch
from bus_schemas.thermal import ThermalEvent
from edge.agent.identity.instance import IdentityTaken
from edge.agent.node import run
from edge.agent.settings import DeviceSettings, NodeSettings, RatesSettings
from edge.agent.source_settings import SceneSourceSettings
from mosquitto.launcher import free_port
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from tests.broker import Broker
from tests.eventually import WITHIN_S, eventually
from tests.forked import Forked
from tests.ingest_double import IngestDouble, are_numbered, ingest_double
from tests.node_parts import SOURCE, detection, running_relay
from tests.running_agent import of
from tests.running_ingest import journaled, rejections, running_ingest

ROOT = Path(__file__).resolve().parents[3]
SENSOR = DeviceSettings(
    site="YARD",
    device="SENSOR",
    thermal=SceneSourceSettings(kind="scene", scene="thermal", seed=3),
    rates=RatesSettings(thermal_frame_s=60),
)


class Agent:
    """One in a thread; `over` is set when it has ended, by itself or because it was stopped."""

    def __init__(self, pool: ThreadPoolExecutor, port: int, data: Path, *devices: DeviceSettings) -> None:
        self.stopping = threading.Event()
        settings = NodeSettings(node="yard", devices=devices or (SENSOR,))
        self.over: Future[bool] = pool.submit(run, settings, BrokerAddress(port=port), data, self.stopping, environ={})

    def refusal(self) -> str:
        with pytest.raises(IdentityTaken) as refused:
            self.over.result(timeout=WITHIN_S)
        return str(refused.value)

    @property
    def runs(self) -> bool:
        return not self.over.done()


Start = Callable[..., Agent]


@pytest.fixture
def start() -> Iterator[Start]:
    agents: list[Agent] = []
    with ThreadPoolExecutor(4) as pool:

        def begin(port: int, data: Path, *devices: DeviceSettings) -> Agent:
            agents.append(Agent(pool, port, data, *devices))
            return agents[-1]

        yield begin
        for agent in agents:
            agent.stopping.set()


def seen(ingest: IngestDouble) -> int:
    return sum(isinstance(event, ThermalEvent) for event in ingest.all_events())


def comes_more(ingest: IngestDouble) -> None:
    before = seen(ingest)
    eventually(lambda: seen(ingest) > before, what="another event")


def test_the_second_of_two_machines_with_one_name_refuses_and_says_who_is_there(
    own_broker: Broker, tmp_path: Path, start: Start
) -> None:
    with ingest_double(own_broker.port) as ingest:
        first = start(own_broker.port, tmp_path / "one")
        eventually(partial(seen, ingest))
        reason = start(own_broker.port, tmp_path / "two").refusal()
        comes_more(ingest)
        healths = eventually(lambda: [one.data for one in of(ingest, HealthEvent) if one.data.status == "degraded"])
        offline = [event for event in ingest.states if isinstance(event, StateEvent) and not event.data.online]

        assert first.runs
        assert f"agent yard on {gethostname()}, process {os.getpid()}, since 20" in reason
        assert offline == []
        assert f"yard on {gethostname()}, process {os.getpid()}, tries to run the same devices" in str(healths)
        assert len({outbox_epoch(event.epoch or "") for event in ingest.all_events()}) == 1


def test_one_device_in_common_is_enough_and_none_is_no_matter(broker: Broker, tmp_path: Path, start: Start) -> None:
    own, other = (SENSOR.model_copy(update={"device": name}) for name in ("OWN", "OTHER"))
    with ingest_double(broker.port) as ingest:
        first = start(broker.port, tmp_path / "one", own, SENSOR)
        alone = start(broker.port, tmp_path / "two", other)
        eventually(lambda: len({event.source for event in ingest.all_events()}) == 3)

        assert "another agent" in start(broker.port, tmp_path / "three", SENSOR).refusal()
        assert first.runs
        assert alone.runs


def test_the_second_agent_of_a_data_directory_refuses_without_asking_a_broker(
    broker: Broker, tmp_path: Path, start: Start
) -> None:
    first = start(broker.port, tmp_path)
    lock = tmp_path / "outbox" / "yard.lock"
    eventually(lambda: lock.exists() and lock.stat().st_size)
    reason = start(free_port(), tmp_path).refusal()

    assert f"runs already with the data directory {tmp_path}: process {os.getpid()}" in reason
    assert first.runs


def test_a_copied_disk_refuses_and_sends_nothing_of_its_outbox(
    own_broker: Broker, tmp_path: Path, start: Start
) -> None:
    hub, port = tmp_path / "hub", own_broker.port
    with running_ingest(hub, BrokerAddress(port=port)):
        first = start(port, tmp_path / "one")
        eventually(lambda: journaled(hub, ThermalEvent))
        # Two of one disk: stop, copy, and start both again.
        first.stopping.set()
        first.over.result(timeout=30)
        shutil.copytree(tmp_path / "one", tmp_path / "two")
        again = start(port, tmp_path / "one")
        before = len(journaled(hub, ThermalEvent))
        eventually(lambda: len(journaled(hub, ThermalEvent)) > before)
        copy = start(port, tmp_path / "two")
        assert "a copied disk: delete the outbox in the copy" in copy.refusal()
        before = len(journaled(hub, ThermalEvent))
        eventually(lambda: len(journaled(hub, ThermalEvent)) > before)
        assert again.runs
    events = [event for event in journaled(hub) if event.source == SENSOR.source and event.sequence]

    assert events
    assert are_numbered(events)
    assert rejections(hub) == []


def test_two_that_met_no_broker_at_their_start_do_not_both_make_way(
    own_broker: Broker, tmp_path: Path, start: Start
) -> None:
    own_broker.stop()
    both = [start(own_broker.port, tmp_path / name) for name in ("one", "two")]
    for name in ("one", "two"):
        eventually((tmp_path / name / "outbox" / "yard.sqlite").exists)
    own_broker.start()
    with ingest_double(own_broker.port) as ingest:
        eventually(lambda: [agent.runs for agent in both].count(False) == 1, what="one that made way")
        eventually(partial(seen, ingest))
        comes_more(ingest)
        assert [agent.runs for agent in both].count(True) == 1
        ended = next(agent for agent in both if not agent.runs)
        assert "another agent has the same devices" in ended.refusal()


def test_a_broker_that_has_forgotten_everything_changes_nothing(
    own_broker: Broker, tmp_path: Path, start: Start
) -> None:
    with ingest_double(own_broker.port) as ingest:
        first = start(own_broker.port, tmp_path / "one")
        eventually(partial(seen, ingest))
        own_broker.kill()
        own_broker.start()
        comes_more(ingest)
        second = start(own_broker.port, tmp_path / "two")

        assert "another agent" in second.refusal()
        assert first.runs


def test_an_agent_that_is_stopped_and_started_is_not_refused_and_does_not_wait(
    broker: Broker, tmp_path: Path, start: Start
) -> None:
    with ingest_double(broker.port) as ingest:
        first = start(broker.port, tmp_path)
        eventually(partial(seen, ingest))
        first.stopping.set()
        first.over.result(timeout=30)
        again = start(broker.port, tmp_path)
        comes_more(ingest)

        assert again.runs
        assert len({outbox_epoch(event.epoch or "") for event in ingest.all_events()}) == 1


@contextmanager
def agent_process(port: int, data: Path, config: Path) -> Iterator["subprocess.Popen[str]"]:
    process: subprocess.Popen[str] = Forked(
        [
            *(sys.executable, "-m", "watchpost", "edge", "--config", str(config)),
            *("--data", str(data), "--mqtt-port", str(port), "--log-format", "json"),
        ],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_an_agent_that_was_killed_begins_again_at_once_and_another_machine_is_refused_with_a_code_of_its_own(
    own_broker: Broker, tmp_path: Path
) -> None:
    config = tmp_path / "watchpost.yaml"
    device = {"device": "SENSOR", "node": "yard", "thermal": {"kind": "scene", "scene": "thermal", "seed": 3}}
    config.write_text(yaml.safe_dump({"sites": [{"site": "YARD", "name": "Yard", "devices": [device]}]}))
    port = own_broker.port
    with ingest_double(port) as ingest:
        with agent_process(port, tmp_path / "one", config) as process:
            eventually(partial(seen, ingest))
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=30)
        with agent_process(port, tmp_path / "one", config):
            comes_more(ingest)
            with agent_process(port, tmp_path / "two", config) as second:
                _, said = second.communicate(timeout=60)
            comes_more(ingest)
        events = [event for event in ingest.all_events() if event.epoch]

    assert second.returncode == 3
    assert said.splitlines()[-1].startswith(f"another agent has the same devices: agent yard on {gethostname()}")
    assert events
    assert are_numbered(events)


def test_a_copy_that_does_not_ask_spoils_nothing_and_is_noticed(own_broker: Broker, tmp_path: Path) -> None:
    """An agent without claims, or one whose broker refuses them: two outboxes with one epoch, both send."""
    hub, one, two = tmp_path / "hub", tmp_path / "one.sqlite", tmp_path / "two.sqlite"
    with Outbox(one, utc_now) as outbox:
        outbox.put(*[detection(people) for people in range(10)], durable=True)
    shutil.copy(one, two)
    with Outbox(one, utc_now) as first, Outbox(two, utc_now) as copy:
        assert first.epoch == copy.epoch
        first.put(*[detection(100 + people) for people in range(10)], durable=True)
        copy.put(*[detection(200 + people) for people in range(15)], durable=True)
    with running_ingest(hub, BrokerAddress(port=own_broker.port)):
        with running_relay(one, own_broker.port):
            eventually(lambda: len([e for e in journaled(hub) if e.source == SOURCE]) == 20)
        with running_relay(two, own_broker.port):
            eventually(lambda: len([e for e in journaled(hub) if e.source == SOURCE]) == 25)
            eventually(lambda: len(rejections(hub)) == 10)
    events = [event for event in journaled(hub) if event.source == SOURCE]
    refused = rejections(hub)

    assert [event.sequence for event in events] == list(range(1, 26))
    people = [json.loads(event.model_dump_json())["data"]["people_count"] for event in events]
    assert people == [*range(10), *range(100, 110), *range(210, 215)]
    assert all("two producers write one stream" in row.reason for row in refused)
