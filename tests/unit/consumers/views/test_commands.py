"""What was asked of devices ends: answered by the device, or given up by the hub."""

from pathlib import Path

from bus_schemas.event import GATEWAY, HUB, Event
from bus_schemas.node import TIMED_OUT, CommandEvent
from bus_schemas.speakers import violation
from consumers.views.commands import ANSWER_WITHIN_S, CommandsProjection, request, requests
from tests.builders import DEVICE, SITE, asked, at, command, tick
from tests.following import Followed


def given_up(followed: Followed) -> list[CommandEvent]:
    return [event for event in followed.emitted() if isinstance(event, CommandEvent)]


def test_a_request_is_pending_until_its_device_answers(tmp_path: Path) -> None:
    with Followed(CommandsProjection(), tmp_path, [asked(at(0))]) as followed:
        before = request(followed.view, "r-1")
        followed.take(command(at(1), state="done"), tick(at(100)))
        after = request(followed.view, "r-1")

        assert before is not None
        assert after is not None
        assert (before.site, before.device, before.name, before.by) == (SITE, DEVICE, "snapshot", "ada")
        assert (before.state, before.ended) == ("pending", None)
        assert (after.state, after.ended) == ("done", at(1).timestamp())
        assert given_up(followed) == []


def test_a_request_that_nobody_answers_has_timed_out_and_that_is_an_event_once(tmp_path: Path) -> None:
    with Followed(CommandsProjection(), tmp_path, [asked(at(0)), asked(at(20), request_id="r-2")]) as followed:
        followed.take(tick(at(ANSWER_WITHIN_S - 1)))
        assert given_up(followed) == []
        followed.take(tick(at(ANSWER_WITHIN_S)), tick(at(ANSWER_WITHIN_S + 5)))
        (event,) = given_up(followed)
        followed.take(event)
        found = request(followed.view, "r-1")
        waiting = request(followed.view, "r-2")

        assert (event.data.state, event.data.cause, event.data.device) == ("failed", TIMED_OUT, DEVICE)
        assert event.source == f"/sites/{SITE}/devices/{HUB}"
        assert violation(event.source, event.type, event.data) is None
        assert found is not None
        assert (found.state, found.detail) == ("timed_out", "yard has not answered within 30 s")
        assert waiting is not None
        assert waiting.state == "pending"


def test_an_answer_that_is_late_counts_all_the_same(tmp_path: Path) -> None:
    with Followed(CommandsProjection(), tmp_path, [asked(at(0)), tick(at(40))]) as followed:
        followed.take(*given_up(followed), command(at(400), state="failed", detail="the lens is dirty"), tick(at(500)))
        found = request(followed.view, "r-1")

        assert found is not None
        assert (found.state, found.detail) == ("failed", "the lens is dirty")
        assert len(given_up(followed)) == 1


def test_an_answer_that_overtakes_its_request_ends_it(tmp_path: Path) -> None:
    with Followed(
        CommandsProjection(), tmp_path, [command(at(1), state="done"), asked(at(0)), tick(at(60))]
    ) as followed:
        found = request(followed.view, "r-1")

        assert found is not None
        assert found.state == "done"
        assert given_up(followed) == []


def test_the_hub_takes_the_time_that_it_needs_for_its_own_requests(tmp_path: Path) -> None:
    rebuild = command(at(0), site=HUB, device=GATEWAY, name="rebuild", state="asked")
    with Followed(CommandsProjection(), tmp_path, [rebuild, tick(at(5000))]) as followed:
        found = request(followed.view, "r-1")

        assert found is not None
        assert found.state == "pending"
        assert given_up(followed) == []


def test_the_newest_requests_of_a_device_come_first_and_old_ones_are_forgotten(tmp_path: Path) -> None:
    events: list[Event] = [
        asked(at(0)),
        asked(at(1), request_id="r-2"),
        asked(at(2), request_id="r-3", of="gate"),
        command(at(3)),
    ]
    with Followed(CommandsProjection(), tmp_path, events) as followed:
        newest = [one.request_id for one in requests(followed.view, SITE, DEVICE)]
        followed.take(tick(at(31 * 86_400)))

        assert newest == ["r-1", "r-2"]
        assert requests(followed.view, SITE, DEVICE) == []


def test_a_command_for_a_device_is_not_one_for_the_hub() -> None:
    data = command(name="rebuild", state="asked").data

    assert data.is_for_hub("rebuild")
    assert not data.model_copy(update={"site": SITE, "device": DEVICE}).is_for_hub("rebuild")
