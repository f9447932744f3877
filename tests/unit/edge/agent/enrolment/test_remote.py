"""Configurations that come from the hub: tried, kept, taken back."""

from base64 import b64encode
from dataclasses import dataclass, field
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bus_schemas.enrolment import CONFIGURE, SignedConfiguration, signed_bytes
from bus_schemas.protocol import CommandRequest
from bus_schemas.topics import command_topic
from edge.agent.enrolment.configurations import ENDED_TWICE, ConfigurationStore
from edge.agent.enrolment.identity import FOLDER, Identity, IdentityWatch, save
from edge.agent.enrolment.remote import ConfigurationTrial, DeviceProgress, RemoteConfiguration
from producer.relay.bus_messages import Incoming

YARD, GATE = "/sites/DEMO/devices/yard", "/sites/DEMO/devices/gate"
KEY = Ed25519PrivateKey.generate()
IDENTITY = Identity(
    hub="https://hub.example",
    node="pi-1",
    user="pi-1.a",
    password="secret",
    broker_host="hub.example",
    broker_port=8884,
    has_own_authority=False,
    hub_key=b64encode(KEY.public_key().public_bytes_raw()).decode(),
)


def signed(version: int, key: Ed25519PrivateKey = KEY, node: str = "pi-1", **changed: Any) -> SignedConfiguration:
    text = f"version {version}"
    signature = b64encode(key.sign(signed_bytes(node, version, text))).decode()
    whole = {"node": node, "version": version, "configuration": text, "signature": signature}
    return SignedConfiguration.model_validate({**whole, **changed})


def message(configuration: SignedConfiguration, *, retained: bool = False) -> Incoming:
    request = CommandRequest(request_id="r-1", name=CONFIGURE, arguments=configuration.model_dump())
    return Incoming(command_topic(YARD, CONFIGURE), request.to_bytes(), retained=retained)


@dataclass
class AgentOfTest:
    """An agent that starts again as the process would. It cannot run what is `unusable`."""

    data: Path
    now: float = 0.0
    unusable: set[int] = field(default_factory=set)
    others: list[Incoming] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.data / FOLDER).mkdir(exist_ok=True)
        ConfigurationStore.begin_with(self.data, signed(1))
        self.start()

    def start(self) -> None:
        self.store = ConfigurationStore.load(self.data)
        self.runs = self.store.start().version
        is_trial = self.runs != self.store.in_force.version
        trial = ConfigurationTrial(self.runs, frozenset({GATE}), within_s=60) if is_trial else None
        watch = IdentityWatch(self.data)
        self.remote = RemoteConfiguration(IDENTITY, self.store, trial, self.check, lambda: self.now, watch.is_replaced)

    def check(self, wanted: SignedConfiguration) -> None:
        if wanted.version in self.unusable:
            raise ValueError("CAMERA is not set")

    def take(self, *messages: Incoming) -> None:
        put = self.remote.before(self.others.append)
        for one in messages:
            put(one)

    def poll(self, *, gate: bool = False, is_connected: bool = True) -> list[tuple[str, int | None, str | None]]:
        devices = [DeviceProgress(YARD, has_worked=False), DeviceProgress(GATE, gate, None if gate else "refused")]
        return [(one.state, one.version, one.reason) for one in self.remote.poll(devices, is_connected=is_connected)]


@pytest.fixture
def agent(tmp_path: Path) -> AgentOfTest:
    return AgentOfTest(tmp_path)


def test_each_start_says_what_is_in_force(agent: AgentOfTest) -> None:
    assert agent.poll() == [("applied", 1, None)]
    assert agent.poll() == []


def test_a_configuration_that_comes_up_stays(agent: AgentOfTest) -> None:
    agent.take(message(signed(2)))
    agent.poll()
    assert agent.remote.wants_restart

    agent.start()
    assert (agent.runs, agent.poll(), agent.store.in_force.version) == (2, [], 1)
    assert agent.poll(gate=True) == [("applied", 2, None)]

    agent.start()
    assert (agent.runs, agent.store.in_force.version) == (2, 2)


def test_one_that_does_not_come_up_is_taken_back_with_its_reason(agent: AgentOfTest) -> None:
    agent.take(message(signed(2)))
    agent.poll()
    agent.start()
    agent.now = 59.9
    assert agent.poll() == []
    assert not agent.remote.wants_restart

    agent.now = 60.0
    agent.poll()
    assert agent.remote.wants_restart
    agent.start()

    assert agent.runs == 1
    reason = f"it did not come up within 60 s: {GATE}: refused"
    assert agent.poll() == [("applied", 1, None), ("refused", 2, reason)]


def test_one_with_which_the_hub_is_not_reached_is_taken_back(agent: AgentOfTest) -> None:
    agent.take(message(signed(2)))
    agent.poll()
    agent.start()
    agent.now = 60.0
    agent.poll(gate=True, is_connected=False)
    agent.start()

    assert agent.poll()[1] == ("refused", 2, "it did not come up within 60 s: the hub is not reached")


def test_one_that_ends_the_agent_twice_is_taken_back(agent: AgentOfTest) -> None:
    agent.take(message(signed(2)))
    agent.poll()

    runs = []
    for _ in range(3):
        agent.start()
        runs.append(agent.runs)

    assert runs == [2, 2, 1]
    assert agent.poll()[1] == ("refused", 2, ENDED_TWICE)


def test_what_this_machine_cannot_run_is_refused_at_once(agent: AgentOfTest) -> None:
    agent.unusable = {2}
    agent.poll()
    agent.take(message(signed(2)))

    assert agent.poll() == [("refused", 2, "this machine cannot run it: CAMERA is not set")]
    assert not agent.remote.wants_restart
    agent.take(message(signed(2)))
    assert agent.poll() == []


@pytest.mark.parametrize(
    "configuration",
    [
        signed(2, key=Ed25519PrivateKey.generate()),
        signed(2, configuration="version 3"),
        signed(2).model_copy(update={"version": 3}),
        signed(2, node="pi-2"),
        signed(2, signature="no base64"),
        signed(1),
    ],
    ids=["another key", "another text", "another version", "another agent", "no signature", "an older one"],
)
def test_what_the_hub_has_not_signed_for_it_changes_nothing(
    agent: AgentOfTest, configuration: SignedConfiguration
) -> None:
    agent.poll()
    agent.take(message(configuration))

    assert agent.poll() == []
    assert not agent.remote.wants_restart
    assert agent.store.trial is None


def test_a_retained_configuration_and_one_that_is_none_are_ignored(agent: AgentOfTest) -> None:
    agent.poll()
    agent.take(message(signed(2), retained=True), Incoming(command_topic(YARD, CONFIGURE), b"{}"))

    assert agent.poll() == []
    assert not agent.remote.wants_restart


def test_an_older_configuration_that_comes_again_undoes_nothing(agent: AgentOfTest) -> None:
    agent.take(message(signed(3)))
    agent.poll()
    agent.start()
    agent.poll(gate=True)
    agent.start()
    agent.poll()

    agent.take(message(signed(2)), message(signed(1)), message(signed(2)))

    assert agent.poll() == [("applied", 3, None)] * 2  # once for each: the hub that sends it does not know
    assert agent.poll() == []
    assert not agent.remote.wants_restart
    assert (agent.store.in_force.version, agent.store.trial) == (3, None)


def test_other_messages_go_on(agent: AgentOfTest) -> None:
    snapshot = Incoming(command_topic(YARD, "snapshot"), b"{}")

    agent.take(snapshot, message(signed(2)))

    assert agent.others == [snapshot]


def test_a_newer_configuration_ends_the_trial_of_one_before(agent: AgentOfTest) -> None:
    agent.take(message(signed(2)))
    agent.poll()
    agent.start()
    agent.take(message(signed(3)))
    agent.poll()
    assert agent.remote.wants_restart

    agent.start()

    assert (agent.runs, agent.store.in_force.version) == (3, 1)


def test_one_that_comes_up_on_a_full_disk_is_kept_and_noted_once_there_is_room(agent: AgentOfTest) -> None:
    agent.take(message(signed(2)))
    agent.poll()
    agent.start()
    in_the_way = agent.data / FOLDER / "configurations.json.new"
    in_the_way.mkdir()
    agent.now = 90.0

    assert agent.poll(gate=True) == []
    assert not agent.remote.wants_restart
    in_the_way.rmdir()
    assert agent.poll(gate=True) == [("applied", 2, None)]
    assert agent.store.in_force.version == 2


def test_an_agent_that_fails_during_a_trial_returns_after_its_time(agent: AgentOfTest) -> None:
    agent.take(message(signed(2)))
    agent.poll()
    agent.start()

    assert not agent.remote.failed(RuntimeError("the outbox is broken"))
    agent.now = 60.0
    assert agent.remote.failed(RuntimeError("the outbox is broken"))
    assert agent.store.refusal is not None
    assert "the outbox is broken" in agent.store.refusal.reason


def test_an_agent_that_is_enrolled_again_while_it_runs_begins_anew_and_touches_no_file_of_the_new_identity(
    tmp_path: Path,
) -> None:
    save(tmp_path, IDENTITY, None)
    agent = AgentOfTest(tmp_path)
    agent.poll()
    assert not agent.remote.wants_restart

    ConfigurationStore.begin_with(tmp_path, signed(7))
    save(tmp_path, IDENTITY.model_copy(update={"user": "pi-1.b"}), None)
    agent.take(message(signed(8)))

    assert agent.poll(is_connected=False) == []
    assert agent.remote.wants_restart
    agent.start()
    assert (agent.runs, agent.remote.wants_restart) == (7, False)


def test_a_full_disk_is_the_reason_in_words_for_which_a_configuration_is_not_taken(
    agent: AgentOfTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(ConfigurationStore, "try_out", full)
    agent.take(message(signed(2)))

    assert ("refused", 2, "this machine cannot run it: No space left on device") in agent.poll()
