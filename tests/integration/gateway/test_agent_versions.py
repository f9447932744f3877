"""Versions of the configuration of an agent are listed with what changed, and brought back with a reason."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus_schemas.enrolment import AgentEvent
from bus_schemas.event import GATEWAY, HUB, device_source
from tests import builders
from tests.broker import Broker
from tests.builders import SITE, at
from tests.integration.gateway.enrolment_hub import PATH, Hub, enrolment_hub


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def hub(broker: Broker, tmp_path: Path) -> Iterator[Hub]:
    with enrolment_hub(broker, tmp_path) as running:
        yield running


def say_outcome(hub: Hub, device: str, state: str, version: int, reason: str | None = None) -> None:
    data = {"node": "pi-1", "state": state, "version": version, "reason": reason}
    hub.say(builders.make(AgentEvent, at(100 + version), data, {"source": device_source(SITE, device)}))


def test_versions_say_who_wanted_what_and_when_and_what_became_of_it(hub: Hub) -> None:
    hub.configure("pi-1", "yard")
    hub.enrol(hub.code("pi-1"))
    changed = {"by": "bea", "configuration": json.dumps(["yard", "oven"]), "reason": "the oven is new"}
    hub.ask("PUT", f"{PATH}/pi-1/configuration", changed)
    say_outcome(hub, "yard", "applied", 1)
    say_outcome(hub, "yard", "refused", 2, "it did not come up")

    found = hub.client.get(f"{PATH}/pi-1/versions").json()

    newest, first = found["versions"]
    assert (newest["version"], newest["by"], newest["reason"]) == (2, "bea", "the oven is new")
    assert (newest["outcome"]["state"], newest["outcome"]["reason"]) == ("refused", "it did not come up")
    assert newest["changes"] == [{"path": "configuration", "before": '["yard"]', "after": '["yard", "oven"]'}]
    assert (first["version"], first["reason"], first["outcome"]["state"]) == (1, None, "applied")
    assert (found["left_out"], first["changes_left_out"]) == (0, 0)


def test_a_page_of_versions_compares_its_last_with_the_one_before(hub: Hub) -> None:
    for devices in (["yard"], ["oven"], ["yard", "oven"], ["door"]):
        hub.configure("pi-1", *devices)

    found = hub.client.get(f"{PATH}/pi-1/versions", params={"limit": 2, "before": 4}).json()

    assert [one["version"] for one in found["versions"]] == [3, 2]
    assert found["versions"][1]["changes"] == [{"path": "configuration", "before": '["yard"]', "after": '["oven"]'}]
    assert found["left_out"] == 1


def test_a_page_before_the_first_version_is_empty(hub: Hub) -> None:
    hub.configure("pi-1", "yard")

    answer = hub.client.get(f"{PATH}/pi-1/versions", params={"before": 1})

    assert (answer.status_code, answer.json()) == (200, {"versions": [], "left_out": 0})


def test_an_older_version_is_brought_back_as_the_newest_with_a_reason(hub: Hub) -> None:
    hub.configure("pi-1", "yard")
    hub.configure("pi-1", "oven")

    unexplained = hub.ask("POST", f"{PATH}/pi-1/versions/1/bring-back", {"by": "ada"})
    back = hub.ask("POST", f"{PATH}/pi-1/versions/1/bring-back", {"by": "ada", "reason": "x" * 2000})
    unknown = hub.ask("POST", f"{PATH}/pi-1/versions/9/bring-back", {"by": "ada", "reason": "why not"})

    wanted = back.json()["wanted"]
    assert (wanted["version"], wanted["configuration"], wanted["by"]) == (3, '["yard"]', "ada")
    newest = hub.client.get(f"{PATH}/pi-1/versions").json()["versions"][0]
    assert newest["reason"].startswith("version 1 again: xxx")
    assert (unexplained.status_code, unknown.status_code) == (400, 404)
    assert "no version 9" in unknown.json()["detail"]


def test_a_version_that_the_hub_has_not_signed_is_not_brought_back(hub: Hub) -> None:
    hub.configure("pi-1", "yard")
    data = {"node": "pi-1", "state": "configured", "version": 2, "configuration": '["spy"]', "signature": "none"}
    hub.say(
        builders.make(AgentEvent, at(5), {**data, "devices": (f"{SITE}/spy",)}, {"source": device_source(HUB, GATEWAY)})
    )

    assert [one["version"] for one in hub.client.get(f"{PATH}/pi-1/versions").json()["versions"]] == [1]
    back = hub.ask("POST", f"{PATH}/pi-1/versions/2/bring-back", {"by": "ada", "reason": "it ran well"})
    assert back.status_code == 404
