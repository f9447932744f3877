"""Agents are enrolled over a real broker: whatever step fails, nobody is half enrolled, and nobody else pays for it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.event import GATEWAY, HUB, device_source
from consumers.views import agents
from gateway.agents import changes, upkeep
from gateway.agents.accounts import Accounts
from gateway.agents.codes import Codes
from tests import builders
from tests.broker import Broker
from tests.builders import SITE, at
from tests.eventually import eventually
from tests.integration.gateway.enrolment_hub import ON_THE_HUB, PATH, Hub, enrolment_hub


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def hub(broker: Broker, tmp_path: Path) -> Iterator[Hub]:
    with enrolment_hub(broker, tmp_path) as running:
        yield running


def unusable(path: Path) -> Callable[[], None]:
    """A file in the place of a folder; what is answered makes the folder again."""
    kept = path.with_name(f"{path.name}.kept")
    path.rename(kept)
    path.write_bytes(b"")

    def mend() -> None:
        path.unlink()
        kept.rename(path)

    return mend


def test_a_code_becomes_an_identity_once(hub: Hub) -> None:
    hub.configure("pi-1", "yard")
    code = hub.code("pi-1")

    made = hub.enrol(code).json()
    again = hub.enrol(code)

    assert made["configuration"]["version"] == 1
    assert f"user {made['user']}\n" in hub.access()
    assert (again.status_code, hub.agent("pi-1")["state"]) == (403, "enrolled")


def expected_of(hub: Hub, device: str) -> str | None:
    found: str | None = hub.client.get(f"/api/v1/sites/{SITE}/devices/{device}").json()["expects"]
    return found


def test_nothing_is_expected_of_a_device_before_a_machine_is_enrolled_for_it(hub: Hub) -> None:
    hub.configure("pi-1", "lane")
    before = expected_of(hub, "lane")
    hub.enrol(hub.code("pi-1"))
    then = expected_of(hub, "lane")
    hub.configure("pi-1", "lane", "porch")

    assert (before, then, expected_of(hub, "porch")) == (None, "frames", "frames")


def test_a_device_that_was_retired_is_missed_again_once_a_machine_is_enrolled_for_it(hub: Hub) -> None:
    hub.say(builders.registry(at(1), device="lane", expects="frames", kinds=("visual",)))
    hub.say(builders.registry(at(2), device="lane", retired=True))
    hub.configure("pi-1", "lane")
    before = expected_of(hub, "lane")
    hub.enrol(hub.code("pi-1"))

    assert (before, expected_of(hub, "lane")) == ("nothing", "frames")


def test_what_is_expected_of_a_device_stays_where_another_machine_is_to_have_it(hub: Hub) -> None:
    hub.say(builders.registry(at(1), device="lane", expects="frames", kinds=("thermal",)))
    hub.configure("pi-1", "lane")

    assert expected_of(hub, "lane") == "frames"


def test_where_the_accounts_cannot_be_written_nothing_happens_and_the_code_stays(hub: Hub) -> None:
    hub.configure("pi-1", "yard")
    code = hub.code("pi-1")
    mend = unusable(hub.folder / "accounts")

    refused = hub.enrol(code)
    before = hub.agent("pi-1")["state"]
    mend()

    assert (refused.status_code, before) == (503, "code_issued")
    assert "accounts" in refused.json()["detail"]
    assert hub.enrol(code).status_code == 201


def test_where_the_journal_takes_nothing_nothing_happens_and_the_code_stays(hub: Hub) -> None:
    hub.configure("pi-1", "yard")
    code = hub.code("pi-1")

    assert hub.enrol(code, journal=False).status_code == 503
    assert hub.agent("pi-1")["state"] == "code_issued"
    assert "user pi-1" not in hub.access()


@pytest.mark.parametrize("failing", [(Accounts, "reconcile"), (Codes, "cancel")])
def test_what_fails_after_the_journal_has_it_is_completed_later_and_the_code_is_used(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, failing: tuple[type, str]
) -> None:
    hub.configure("pi-1", "yard")
    code = hub.code("pi-1")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(*failing, fail)
        made = hub.enrol(code)
        again = hub.enrol(code)

    assert (made.status_code, again.status_code) == (201, 403)
    eventually(lambda: f"user {made.json()['user']}\n" in hub.access())


def test_a_code_for_another_agent_than_the_one_that_sends_it_takes_nothing_from_anybody(hub: Hub) -> None:
    hub.configure("pi-1", "yard")
    first = hub.enrol(hub.code("pi-1")).json()["user"]
    code = hub.code("pi-1")

    refused = hub.enrol(code, node="pi-2")

    assert (refused.status_code, hub.agent("pi-1")["state"]) == (409, "enrolled")
    assert "the code is for pi-1, and the machine that sends it is the agent pi-2" in refused.json()["detail"]
    assert f"user {first}\n" in hub.access()
    assert hub.enrol(code, node="pi-1").status_code == 201


def test_no_agent_is_given_a_device_of_the_file_of_the_hub(hub: Hub) -> None:
    refused = hub.configure("pi-1", "gate")

    assert refused.status_code == 409
    assert f"{ON_THE_HUB} is in the configuration file of the hub" in refused.json()["detail"]
    assert hub.client.get(f"{PATH}/pi-1").status_code == 404


def test_an_agent_that_lies_about_what_it_runs_keeps_no_device_from_another(hub: Hub) -> None:
    hub.configure("pi-1", "yard", "lane")
    user = hub.enrol(hub.code("pi-1")).json()["user"]
    hub.configure("pi-1", "yard")
    waiting = hub.configure("pi-2", "lane")
    hub.say(builders.agent(at(1), node="pi-1", version=2))
    hub.say(builders.agent(at(2), node="pi-1", version=1))

    assert waiting.status_code == 409
    assert "still runs version 1 with DEMO/lane, and has not taken version 2" in waiting.json()["detail"]
    assert hub.configure("pi-2", "lane").status_code == 200
    eventually(lambda: "DEMO/lane" not in hub.access())
    assert f"user {user}\n" in hub.access()


def test_a_configuration_that_the_hub_has_not_signed_changes_nothing(hub: Hub) -> None:
    """As a program of the same machine can write it, where the broker asks nobody for a password."""
    hub.configure("pi-1", "yard")
    words: dict[str, Any] = {"state": "configured", "by": "eve", "configuration": '["lane"]', "signature": "c2ln"}
    for version in (2, 2**31 - 1):
        forged = builders.agent(at(1), node="pi-1", version=version, devices=("DEMO/lane",), **words)
        hub.say(forged.model_copy(update={"source": device_source(HUB, GATEWAY)}))

    assert hub.agent("pi-1")["wanted"]["version"] == 1
    assert hub.configure("pi-1", "yard", "lane").json()["wanted"]["version"] == 2
    assert hub.agent("pi-1")["wanted"]["devices"] == ["DEMO/yard", "DEMO/lane"]


def test_a_damaged_key_costs_what_it_signs_alone_and_is_a_fault_of_the_hub(hub: Hub) -> None:
    hub.configure("pi-1", "yard")
    user = hub.enrol(hub.code("pi-1")).json()["user"]
    key = hub.folder / "signing.key"
    kept = key.read_bytes()
    key.write_bytes(b"")
    hub.started.gateway.agents.key._key = None  # type: ignore[union-attr]  # as after a restart

    refused = hub.configure("pi-1", "yard", "lane")
    eventually(lambda: [one for one in hub.started.gateway.faults.faults if one.part == "enrolment"])
    others = [hub.client.get(path).status_code for path in ("/api/v1/sites", PATH)]
    revoked = hub.ask("POST", f"{PATH}/pi-1/revoke", {"by": "ada"})
    key.write_bytes(kept)

    assert refused.status_code == 503
    assert "signing.key is damaged: restore it from a backup" in refused.json()["detail"]
    assert others == [200, 200]
    assert revoked.json()["state"] == "revoked"
    assert f"user {user}\n" not in hub.access()
    eventually(lambda: not hub.started.gateway.faults.faults)
    assert hub.configure("pi-1", "yard", "lane").status_code == 200


def test_agents_are_read_again_only_when_one_has_changed(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.configure("pi-1", "yard")
    reads, rounds = Counted(changes.every_agent), Counted(agents.newest_position)
    monkeypatch.setattr(upkeep, "every_agent", reads)
    monkeypatch.setattr(upkeep, "newest_position", rounds)
    monkeypatch.setattr(upkeep, "ROUND_S", 0.02)
    eventually(lambda: rounds.count > 10)

    assert reads.count <= 1
    hub.configure("pi-1", "yard", "lane")
    eventually(lambda: reads.count)


class Counted:
    """Does what it is made of, and counts how often."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.count = 0
        self._work = work

    def __call__(self, *given: Any) -> Any:
        self.count += 1
        return self._work(*given)
