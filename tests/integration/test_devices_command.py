"""`watchpost devices`: what each command changes of a hub that runs, what it prints, and what it refuses."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from bus_schemas.codec import to_bytes
from bus_schemas.topics import event_topic
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.view_files import NoView, open_view
from consumers.ingest.run import run as run_ingest
from consumers.site_registry import DeviceEntry
from consumers.store.journal.reader import SqliteJournalReader
from consumers.views.health.projection import HealthProjection
from consumers.views.registry import RegistryProjection, fields, registered
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.mqtt import MqttClient
from tests import builders
from tests.broker import Broker
from tests.command_line import run
from tests.eventually import eventually
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

    def device(self, name: str, site: str = "DEMO") -> DeviceEntry | None:
        with suppress(NoView):
            return registered(self.data).device(site, name)
        return None

    def until(self, name: str, holds: Callable[[DeviceEntry], object]) -> None:
        eventually(lambda: (found := self.device(name)) is not None and holds(found), 20)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Hub]:
    directory = tmp_path_factory.mktemp("hub")
    data, address, stopping = directory / "data", BrokerAddress(port=broker.port), threading.Event()
    (directory / "watchpost.yaml").write_text(CONFIG)
    given = {"configured": configured(load(directory / "watchpost.yaml"))}

    def follow() -> None:
        with closing(SqliteJournalReader(data / "journal")) as journal:
            context = ConsumerContext(data, journal, utc_now)
            with (
                closing(Follower(RegistryProjection(), context)) as registry,
                closing(Follower(HealthProjection(), context)) as health,
            ):
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
        hub = Hub(data, address)
        hub.until("gate", lambda gate: gate.name == "Gate")
        yield hub
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


Call = Callable[..., tuple[int, str]]


@pytest.fixture
def call(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """A command with these arguments: its exit code, and what it printed. Ingest logs in this process too."""
    monkeypatch.setattr(devices, "user_name", lambda: "ada")
    monkeypatch.setattr("watchpost.processes.logs.configure", lambda *_: None)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

    def run_command(*arguments: str, port: int = hub.broker.port) -> tuple[int, str]:
        capsys.readouterr()
        bus = () if arguments[0] == "list" else ("--mqtt-port", str(port))
        config = str(hub.data.parent / "watchpost.yaml")
        code = run(monkeypatch, "devices", *arguments, "--config", config, "--data", str(hub.data), *bus)
        printed = capsys.readouterr()
        return code, (printed.out + printed.err).strip()

    return run_command


def test_a_device_is_added_listed_renamed_expected_retired_and_restored(hub: Hub, call: Call) -> None:
    assert call("add", "DEMO", "door", "--name", "Front door") == (0, "DEMO/door is added as Front door.")
    hub.until("door", lambda door: door.name == "Front door" and door.expects == "nothing")
    assert call("list") == (
        0,
        "SITE  DEVICE  NAME        EXPECTED\n"
        "DEMO  gate    Gate        frames\n"
        "DEMO  door    Front door  nothing",
    )  # fmt: skip

    assert call("rename", "DEMO", "door", "Back door") == (0, "DEMO/door is called Back door.")
    assert call("expect", "DEMO", "door", "--expects", "heartbeat", "--silent-after", "600") == (
        0, "DEMO/door is set.",
    )  # fmt: skip
    hub.until("door", lambda door: (door.name, door.expects, door.silent_after_s) == ("Back door", "heartbeat", 600))

    assert call("retire", "DEMO", "door", "--yes") == (0, "DEMO/door is retired.")
    hub.until("door", lambda door: door.is_retired)
    assert "DEMO  door    Back door  heartbeat, silent after 600 s  retired" in call("list")[1]
    code, said = call("add", "DEMO", "door")
    assert (code, "it is retired: `watchpost devices restore` brings it back" in said) == (2, True)

    assert call("restore", "DEMO", "door") == (0, "DEMO/door is watched again.")
    hub.until("door", lambda door: not door.is_retired and door.name == "Back door")


@pytest.mark.parametrize("name", ["\u202egnp.exe", "\x1b[2J", "\u200b\u200b", "a\nb"])
def test_a_name_that_nobody_can_read_is_refused_as_the_configuration_and_the_page_refuse_it(
    call: Call, name: str
) -> None:
    sentence = "name: a name needs something to read, and nothing that cannot be printed"

    assert call("add", "DEMO", "window", "--name", name) == (2, sentence)
    assert call("rename", "DEMO", "gate", name) == (2, sentence)
    assert "window" not in call("list")[1]


def test_a_site_is_retired_with_all_its_devices_and_restored(hub: Hub, call: Call) -> None:
    assert call("retire", "DEMO", "--yes") == (0, "DEMO is retired.")
    hub.until("gate", lambda gate: gate.is_retired)
    sentence = "the site DEMO is retired, with its devices: `watchpost devices restore DEMO` brings it back first"
    for refused in (("restore", "DEMO", "gate"), ("add", "DEMO", "gate"), ("add", "DEMO", "another")):
        code, said = call(*refused)
        assert (code, sentence in said) == (2, True)
    assert call("restore", "DEMO") == (0, "DEMO is watched again.")
    hub.until("gate", lambda gate: not gate.is_retired)


def test_who_has_set_something_is_kept_beside_what_the_configuration_says(hub: Hub, call: Call) -> None:
    call("rename", "DEMO", "gate", "Main gate")
    hub.until("gate", lambda gate: gate.name == "Main gate")

    with closing(open_view(hub.data, RegistryProjection.name)) as view:
        [name] = [one for one in fields(view, "DEMO", "gate") if one.name == "name"]
    assert (name.in_force.origin, name.in_force.by) == ("command_line", "ada")
    assert name.configured is not None
    assert name.configured.value == "Gate"


def test_a_device_that_was_only_heard_of_can_be_named(hub: Hub, call: Call) -> None:
    client = MqttClient(hub.broker, "door")
    client.connect("127.0.0.1", hub.broker.port)
    client.loop_start()
    event = builders.detection(utc_now(), device="lift")
    client.publish(event_topic(event.source, "detection"), to_bytes(event), qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()

    eventually(lambda: call("rename", "DEMO", "lift", "The lift") == (0, "DEMO/lift is called The lift."), 30)
    hub.until("lift", lambda lift: lift.name == "The lift")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "DEMO", "gate"), "there is a device gate in site DEMO already; rename or retire it"),
        (("add", "DMEO", "door"), "there is no site 'DMEO'"),
        (("add", "DEMO", "a door"), "device: "),
        (("add", "DEMO", "_hub"), "_hub is the hub's own name"),
        (("add", "DEMO", "window", "--expects", "flowers"), "expects: "),
        (("rename", "DEMO", "gaet", "Main gate"), "there is no device 'gaet' in site 'DEMO'"),
        (("rename", "DEMO", "gate", "  "), "name: "),
        (("expect", "DEMO", "gate"), "give --expects, --silent-after, or both"),
        (("retire", "DEMO", "gaet", "--yes"), "there is no device 'gaet' in site 'DEMO'"),
        (("restore", "NOWHERE"), "there is no site 'NOWHERE'"),
    ],
)
def test_what_cannot_be_set_is_refused_with_a_sentence(call: Call, arguments: tuple[str, ...], sentence: str) -> None:
    code, said = call(*arguments)

    assert (code, sentence in said) == (2, True), said


def test_nothing_is_changed_where_nobody_says_yes_or_the_broker_is_away(
    hub: Hub, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hub.device("gate")
    monkeypatch.setattr("typer.confirm", lambda question: False)
    assert call("retire", "DEMO", "gate")[0] == 1

    code, said = call("rename", "DEMO", "gate", "Nobody's gate", port=1)
    assert (code, "the broker at 127.0.0.1:1 cannot be reached" in said) == (2, True), said
    assert hub.device("gate") == before
