"""`watchpost devices`: what each command changes of a hub that runs, what it prints, and what it refuses."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.topics import event_topic
from consumers.engine.follower import Follower, Source
from consumers.engine.view_files import NoView, open_view
from consumers.ingest.run import run as run_ingest
from consumers.site_registry import DeviceEntry
from consumers.store.journal.reader import SqliteJournalReader
from consumers.views.health.projection import Health
from consumers.views.registry import Registry, fields, registered
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.mqtt import MqttClient
from tests import builders
from tests.broker import Broker
from tests.eventually import eventually
from tests.unit.watchpost.test_cli import run
from watchpost.commands import devices
from watchpost.configuration.config import load
from watchpost.configuration.hubs import configured

CONFIG = """
sites:
  - site: DEMO
    name: Demo yard
    devices: [{device: gate, name: Gate, visual: {kind: scene, scene: visual}}]
"""


@dataclass
class Hub:
    """Ingest, and the views of the registry and of health."""

    data: Path
    broker: BrokerAddress
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def call(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and what was printed."""
        self.capsys.readouterr()
        port = () if arguments[0] == "list" else ("--mqtt-port", str(self.broker.port))
        config = str(self.data.parent / "watchpost.yaml")
        code = run(self.monkeypatch, "devices", *arguments, "--config", config, "--data", str(self.data), *port)
        told = self.capsys.readouterr()
        return code, (told.out + told.err).strip()

    def device(self, name: str, site: str = "DEMO") -> DeviceEntry | None:
        with suppress(NoView):
            return registered(self.data).device(site, name)
        return None

    def until(self, name: str, holds: Callable[[DeviceEntry], object]) -> None:
        eventually(lambda: (found := self.device(name)) is not None and holds(found), 10)


@pytest.fixture
def hub(
    tmp_path: Path, own_broker: Broker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Hub]:
    data, address, stopping = tmp_path / "data", BrokerAddress(port=own_broker.port), threading.Event()
    (tmp_path / "watchpost.yaml").write_text(CONFIG)
    monkeypatch.setattr(devices, "getuser", lambda: "ada")
    given = {"configured": configured(load(tmp_path / "watchpost.yaml"))}

    def follow() -> None:
        with closing(SqliteJournalReader(data / "journal")) as journal:
            source = Source(data, journal, utc_now)
            with closing(Follower(Registry(), source)) as registry, closing(Follower(Health(), source)) as health:
                while not stopping.wait(0.02):
                    registry.advance()
                    health.advance()

    threads = [
        threading.Thread(target=run_ingest, args=(data, address, stopping), kwargs=given),
        threading.Thread(target=follow),
    ]
    for thread in threads:
        thread.start()
    try:
        hub = Hub(data, address, monkeypatch, capsys)
        hub.until("gate", lambda gate: gate.name == "Gate")
        yield hub
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def test_a_device_is_added_listed_renamed_expected_retired_and_restored(hub: Hub) -> None:
    assert hub.call("add", "DEMO", "door", "--name", "Front door") == (0, "DEMO/door is added as Front door.")
    hub.until("door", lambda door: door.name == "Front door" and door.expects == "nothing")
    assert hub.call("list") == (
        0,
        "SITE  DEVICE  NAME        EXPECTED\n"
        "DEMO  gate    Gate        frames\n"
        "DEMO  door    Front door  nothing",
    )  # fmt: skip

    assert hub.call("rename", "DEMO", "door", "Back door") == (0, "DEMO/door is called Back door.")
    assert hub.call("expect", "DEMO", "door", "--expects", "heartbeat", "--silent-after", "600") == (
        0, "DEMO/door is set.",
    )  # fmt: skip
    hub.until("door", lambda door: (door.name, door.expects, door.silent_after_s) == ("Back door", "heartbeat", 600))

    assert hub.call("retire", "DEMO", "door", "--yes") == (0, "DEMO/door is retired.")
    hub.until("door", lambda door: door.is_retired)
    assert "DEMO  door    Back door  heartbeat, silent after 600 s  retired" in hub.call("list")[1]
    code, said = hub.call("add", "DEMO", "door")
    assert (code, "it is retired: `watchpost devices restore` brings it back" in said) == (1, True)

    assert hub.call("restore", "DEMO", "door") == (0, "DEMO/door is watched again.")
    hub.until("door", lambda door: not door.is_retired and door.name == "Back door")


def test_a_site_is_retired_with_all_its_devices_and_restored(hub: Hub) -> None:
    assert hub.call("retire", "DEMO", "--yes") == (0, "DEMO is retired.")
    hub.until("gate", lambda gate: gate.is_retired)
    assert hub.call("restore", "DEMO") == (0, "DEMO is watched again.")
    hub.until("gate", lambda gate: not gate.is_retired)


def test_who_has_set_something_is_kept_beside_what_the_configuration_says(hub: Hub) -> None:
    hub.call("rename", "DEMO", "gate", "Main gate")
    hub.until("gate", lambda gate: gate.name == "Main gate")

    with closing(open_view(hub.data, Registry.name)) as view:
        [name] = [one for one in fields(view, "DEMO", "gate") if one.name == "name"]
    assert (name.in_force.origin, name.in_force.by) == ("command_line", "ada")
    assert name.configured is not None
    assert name.configured.value == "Gate"


def test_a_device_that_was_only_heard_of_can_be_named(hub: Hub) -> None:
    client = MqttClient(hub.broker, "door")
    client.connect("127.0.0.1", hub.broker.port)
    client.loop_start()
    event = builders.detection(utc_now(), device="lift")
    client.publish(event_topic(event.source, "detection"), to_bytes(event), qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()

    eventually(lambda: hub.call("rename", "DEMO", "lift", "The lift") == (0, "DEMO/lift is called The lift."), 10)
    hub.until("lift", lambda lift: lift.name == "The lift")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "DEMO", "gate"), "there is a device gate in site DEMO already; rename or retire it"),
        (("add", "DMEO", "door"), "there is no site 'DMEO'"),
        (("add", "DEMO", "a door"), "device: "),
        (("add", "DEMO", "_hub"), "_hub is the hub's own name"),
        (("add", "DEMO", "door", "--expects", "flowers"), "expects: "),
        (("rename", "DEMO", "gaet", "Main gate"), "there is no device 'gaet' in site 'DEMO'"),
        (("rename", "DEMO", "gate", "  "), "name: "),
        (("expect", "DEMO", "gate"), "say --expects, --silent-after, or both"),
        (("retire", "DEMO", "gaet", "--yes"), "there is no device 'gaet' in site 'DEMO'"),
        (("restore", "NOWHERE"), "there is no site 'NOWHERE'"),
    ],
)
def test_what_cannot_be_set_is_refused_with_a_sentence(hub: Hub, arguments: tuple[str, ...], sentence: str) -> None:
    code, said = hub.call(*arguments)

    assert (code, sentence in said) == (1, True), said


def test_nothing_is_changed_where_nobody_says_yes_or_the_broker_is_away(hub: Hub, own_broker: Broker) -> None:
    hub.monkeypatch.setattr("typer.confirm", lambda question: False)
    assert hub.call("retire", "DEMO", "gate")[0] == 1

    own_broker.kill()
    code, said = hub.call("rename", "DEMO", "gate", "Main gate")
    assert (code, f"the broker at 127.0.0.1:{own_broker.port}" in said) == (1, True), said
    gate: Any = hub.device("gate")
    assert (gate.name, gate.is_retired) == ("Gate", False)
