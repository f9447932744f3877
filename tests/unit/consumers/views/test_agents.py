"""The view of agents."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.enrolment import AgentEvent
from bus_schemas.event import GATEWAY, HUB, device_source
from consumers.engine.view_files import open_view
from consumers.views.agents import (
    AgentEntry,
    AgentsProjection,
    agent,
    agents,
    devices_by_user,
    newest_position,
    owner_of,
    signed_text,
)
from tests import builders
from tests.builders import at
from tests.following import Followed

PAGE = {"source": device_source(HUB, GATEWAY), "by": "ada", "version": None}
YARD, GATE = "DEMO/yard", "DEMO/gate"


def configured(seconds: float, version: int, *devices: str) -> AgentEvent:
    given: dict[str, Any] = {**PAGE, "version": version, "configuration": f"version {version}", "signature": "c2ln"}
    return builders.agent(at(seconds), state="configured", devices=devices, **given)


def enrolled(seconds: float, user: str) -> AgentEvent:
    return builders.agent(at(seconds), state="enrolled", user=user, **PAGE)


@pytest.fixture
def entry(tmp_path: Path) -> Iterator[Callable[..., AgentEntry]]:
    """The agent as it is after these events, and those of the calls before."""
    with Followed(AgentsProjection(), tmp_path) as followed:

        def fold(*events: AgentEvent) -> AgentEntry:
            followed.take(*events)
            found = agent(followed.view, "pi-1")
            assert found is not None
            assert agents(followed.view) == [found]
            return found

        yield fold


Entry = Callable[..., AgentEntry]


def test_an_agent_has_what_it_was_enrolled_with_until_it_says_what_came_up(entry: Entry) -> None:
    before = entry(configured(0, 1, YARD), enrolled(1, "pi-1.a"))
    after = entry(builders.agent(at(2)))

    assert (before.in_force, before.reached) == (None, before.wanted)
    assert (before.devices, before.pending) == ((YARD,), before.wanted)
    assert (after.in_force, after.pending) == (after.wanted, None)


def test_it_may_speak_for_the_devices_that_it_has_and_for_those_that_it_is_to_have(entry: Entry) -> None:
    found = entry(configured(0, 1, YARD), enrolled(1, "pi-1.a"), builders.agent(at(2)), configured(3, 2, GATE))

    assert found.devices == (YARD, GATE)
    assert found.pending is not None
    assert found.pending.version == 2


def test_a_refused_configuration_is_sent_no_more_and_its_devices_are_not_the_agents(entry: Entry) -> None:
    reason = "it did not come up"
    refusal = builders.agent(at(4), state="refused", version=2, reason=reason)
    found = entry(configured(0, 1, YARD), enrolled(1, "pi-1.a"), builders.agent(at(2)), configured(3, 2, GATE), refusal)

    assert (found.refused, found.refused_reason) == (2, reason)
    assert found.in_force is not None
    assert (found.in_force.version, found.devices, found.pending) == (1, (YARD,), None)


def test_nobody_but_a_device_of_the_agent_says_what_came_up(entry: Entry) -> None:
    stranger = builders.agent(at(2), device="gate")

    assert entry(configured(0, 1, YARD), enrolled(1, "pi-1.a"), stranger).in_force is None


def test_an_agent_that_is_enrolled_again_leaves_its_former_user_behind(entry: Entry) -> None:
    found = entry(configured(0, 1, YARD), enrolled(1, "pi-1.a"), builders.agent(at(2)), enrolled(3, "pi-1.b"))

    assert (found.user, found.former_users, found.in_force) == ("pi-1.b", {"pi-1.a"}, None)


def test_a_revoked_agent_has_no_device(entry: Entry) -> None:
    before = entry(configured(0, 1, YARD), enrolled(1, "pi-1.a"))
    assert owner_of([before], YARD) is before
    after = entry(builders.agent(at(2), state="revoked", **PAGE))

    assert (after.standing, owner_of([after], YARD)) == ("revoked", None)


def test_of_two_configurations_with_one_version_the_first_counts(entry: Entry) -> None:
    found = entry(configured(0, 1, YARD), configured(1, 1, GATE))

    assert found.wanted is not None
    assert found.wanted.devices == (YARD,)


def test_what_an_agent_says_again_and_again_takes_no_more_room(entry: Entry, tmp_path: Path) -> None:
    before = entry(configured(0, 1, YARD), enrolled(1, "pi-1.a"), builders.agent(at(2)))
    after = entry(*(builders.agent(at(second)) for second in range(3, 50)))

    assert (before.in_force_at, after.in_force_at) == (at(2).timestamp(), at(49).timestamp())
    with closing(open_view(tmp_path, "agents")) as view:
        assert view.execute("select count(*) from agent_events").fetchone() == (3,)


@pytest.mark.parametrize(("state", "rows"), [("refused", 2), ("applied", 3)])
def test_versions_that_nobody_wanted_take_no_room(entry: Entry, tmp_path: Path, state: str, rows: int) -> None:
    said = (builders.agent(at(2), state=state, version=n) for n in range(2, 9))
    found = entry(configured(0, 1, YARD), enrolled(1, "pi-1.a"), *said, builders.agent(at(3), version=2**30))

    with closing(open_view(tmp_path, "agents")) as view:
        assert view.execute("select count(*) from agent_events").fetchone() == (rows,)
    assert found.devices == (YARD,)


def test_a_version_that_a_restored_hub_does_not_know_is_known_to_run_and_not_sent_over(entry: Entry) -> None:
    """The hub was restored to the second version, when the agent ran the fifth."""
    known = configured(0, 1, YARD), enrolled(1, "pi-1.a"), builders.agent(at(2)), configured(3, 2, YARD)
    before = entry(*known, builders.agent(at(4), version=2))
    then = entry(builders.agent(at(5), version=5))
    older = entry(configured(6, 3, YARD))
    sent = entry(configured(7, 6, YARD))
    runs = entry(builders.agent(at(8), version=6))

    assert (before.forgotten, before.in_force) == (None, before.wanted)
    assert (then.forgotten, then.in_force, then.pending, then.devices) == (5, None, None, (YARD,))
    assert older.pending is None
    assert (sent.pending, sent.forgotten) == (sent.wanted, 5)
    assert (runs.in_force, runs.forgotten) == (runs.wanted, None)


def test_an_agent_may_run_what_was_wanted_before_the_newest_version(entry: Entry) -> None:
    """It tries the second version, whose device nobody else knows, while the third is wanted already."""
    found = entry(configured(0, 1, YARD), enrolled(1, "pi-1.a"), configured(2, 2, GATE), configured(3, 3, "DEMO/lane"))
    then = entry(builders.agent(at(4), device="gate", version=2))

    assert found.devices == (YARD, GATE, "DEMO/lane")
    assert then.in_force is not None
    assert (then.in_force.version, then.devices) == (2, (GATE, "DEMO/lane"))


def test_an_agent_that_says_it_runs_an_older_version_does_not_get_the_device_of_another(tmp_path: Path) -> None:
    other = {"node": "pi-2", **PAGE}
    wanted: dict[str, Any] = {**other, "version": 1, "configuration": "{}", "signature": "c2ln", "devices": (YARD,)}
    with Followed(AgentsProjection(), tmp_path) as followed:
        followed.take(configured(0, 1, GATE, YARD), enrolled(1, "pi-1.a"), configured(2, 2, GATE))
        followed.take(builders.agent(at(3), device="gate", version=2))
        followed.take(
            builders.agent(at(4), state="configured", **wanted),
            builders.agent(at(5), state="enrolled", user="pi-2.b", **other),
            builders.agent(at(6), device="gate", version=1),
        )

        assert devices_by_user(agents(followed.view)) == {"pi-1.a": (GATE,), "pi-2.b": (YARD,)}


def test_an_agent_that_ran_a_newer_version_keeps_no_device_of_an_older_one_whatever_it_says(entry: Entry) -> None:
    """It may have returned to the older version by a backup of its disk: then the newer one is sent again."""
    entry(configured(0, 1, GATE, YARD), enrolled(1, "pi-1.a"), configured(2, 2, GATE))
    found = entry(builders.agent(at(3), device="gate", version=2), builders.agent(at(4), device="gate", version=1))

    assert (found.devices, owner_of([found], YARD)) == ((GATE,), None)
    assert found.in_force is not None
    assert (found.in_force.version, found.pending) == (1, found.wanted)


def test_a_version_that_the_hub_has_not_signed_is_as_if_nobody_had_wanted_it(tmp_path: Path) -> None:
    largest = 2**31 - 1
    with Followed(AgentsProjection(), tmp_path) as followed:
        followed.take(configured(0, 1, YARD), enrolled(1, "pi-1.a"), configured(2, largest, GATE))
        found = agent(followed.view, "pi-1", lambda version: version.version < largest)

        assert found is not None
        assert (list(found.versions), found.devices) == ([1], (YARD,))
        assert agents(followed.view, lambda version: False)[0].wanted is None


def test_the_text_of_a_version_is_read_by_itself_and_every_change_has_a_newer_position(tmp_path: Path) -> None:
    with Followed(AgentsProjection(), tmp_path) as followed:
        empty = newest_position(followed.view)
        followed.take(configured(0, 1, YARD))
        first = newest_position(followed.view)
        followed.take(enrolled(1, "pi-1.a"), builders.agent(at(2)))
        second = newest_position(followed.view)
        followed.take(builders.agent(at(3)))
        found = agent(followed.view, "pi-1")

        assert found is not None
        assert found.wanted is not None
        assert signed_text(followed.view, found.wanted) == ("version 1", "c2ln")
        assert 0 == empty < first < second < newest_position(followed.view)


def test_devices_in_the_file_of_the_hub_are_no_agents(tmp_path: Path) -> None:
    with Followed(AgentsProjection(), tmp_path) as followed:
        followed.take(configured(0, 1, YARD, GATE), enrolled(1, "pi-1.a"))

        assert devices_by_user(agents(followed.view), {YARD}) == {"pi-1.a": (GATE,)}
