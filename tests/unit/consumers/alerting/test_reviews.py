"""Reviews of incidents: settled, discarded, commented, assigned, and taken back, as of any position."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.alerting.incidents.questions import IncidentFilter, count_incidents, incidents
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.review.reviews import incidents_of_review, review_of, reviews_of
from tests.builders import START, at, frame, review, thermal
from tests.following import Followed


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Followed]:
    with Followed(AlertingProjection(), tmp_path) as it:
        yield it


def frozen(alerting: Followed, device: str = "yard") -> str:
    """The id of an incident of the device."""
    alerting.take(*(frame(at(second), freeze=True, device=device) for second in range(31)))
    return next(one["id"] for one in incidents(alerting.view) if one["device"] == device)


def found(alerting: Followed, **only: str) -> list[str]:
    return [one["device"] for one in incidents(alerting.view, only=IncidentFilter(**only))]  # type: ignore[arg-type]  # as each test names them


def test_an_incident_is_open_until_somebody_reviews_or_discards_it(alerting: Followed) -> None:
    incident_id = frozen(alerting)
    before = review_of(alerting.view, incident_id)
    alerting.take(review(at(40), incidents=(incident_id,)))
    reviewed = review_of(alerting.view, incident_id)
    alerting.take(review(at(50), "discarded", incidents=(incident_id,), by="eve", comment="A spider."))
    discarded = review_of(alerting.view, incident_id)
    alerting.take(review(at(60), "reopened", incidents=(incident_id,)))

    assert (before.state, before.by) == ("open", None)
    assert (reviewed.state, reviewed.by, reviewed.at) == ("reviewed", "ada", at(40).timestamp())
    assert (discarded.state, discarded.by, discarded.reason) == ("discarded", "eve", "A spider.")
    assert review_of(alerting.view, incident_id).state == "open"


def test_one_event_speaks_of_many_incidents_and_is_undone_as_one(alerting: Followed) -> None:
    both = (frozen(alerting), frozen(alerting, "gate"))
    said = review(at(40), "discarded", incidents=both, comment="The power was off.")
    alerting.take(said)
    states = [one.state for one in reviews_of(alerting.view, both).values()]
    named = incidents_of_review(alerting.view, said.id)
    alerting.take(review(at(50), "undone", incidents=both, undoes=said.id, by="eve"))

    assert states == ["discarded", "discarded"]
    assert sorted(named) == sorted((one, "DEMO") for one in both)
    assert [one.state for one in reviews_of(alerting.view, both).values()] == ["open", "open"]
    assert review_of(alerting.view, both[0]).entries[0].undone_by == "eve"


def test_what_is_undone_lets_what_was_said_before_stand_again(alerting: Followed) -> None:
    incident_id = frozen(alerting)
    mine = {"incidents": (incident_id,)}
    second = review(at(50), "assigned", assignee="eve", **mine)
    alerting.take(review(at(40), "assigned", assignee="bob", **mine), second)
    taken = review_of(alerting.view, incident_id).assignee
    alerting.take(review(at(60), "undone", undoes=second.id, **mine))
    given_back = review_of(alerting.view, incident_id).assignee
    alerting.take(review(at(70), "assigned", **mine))

    assert (taken, given_back) == ("eve", "bob")
    assert review_of(alerting.view, incident_id).assignee is None


def test_a_review_is_answered_as_of_any_position(alerting: Followed) -> None:
    incident_id = frozen(alerting)
    before = alerting.journal.head()
    alerting.take(review(at(40), incidents=(incident_id,)))

    assert review_of(alerting.view, incident_id, before).state == "open"
    assert review_of(alerting.view, incident_id).state == "reviewed"


def test_a_gateway_of_another_site_reviews_nothing_here(alerting: Followed) -> None:
    incident_id = frozen(alerting)
    alerting.take(review(at(40), incidents=(incident_id,), site="OTHER"))

    assert review_of(alerting.view, incident_id).entries == ()


def test_incidents_are_found_by_their_review_their_words_their_type_and_their_zone(alerting: Followed) -> None:
    yard = frozen(alerting)
    frozen(alerting, "gate")
    alerting.take(thermal(at(31), device="oven", hottest=99.0))
    alerting.take(review(at(40), incidents=(yard,)))
    alerting.take(review(at(41), "commented", incidents=(yard,), comment="The Lorry blocks the view"))

    assert found(alerting, review="reviewed") == ["yard"]
    assert sorted(found(alerting, review="open")) == ["gate", "oven"]
    assert found(alerting, zone="full_frame") == ["oven"]
    assert found(alerting, text="LORRY blocks") == ["yard"]
    assert found(alerting, text="crane") == []
    # As devices are called that nobody has registered.
    assert found(alerting, text="GAT") == ["gate"]
    assert found(alerting, text="x", named=("DEMO/gate",)) == ["gate"]  # type: ignore[arg-type]  # as each test names them
    assert sorted(found(alerting, text="frozen", types=("freeze",))) == ["gate", "yard"]  # type: ignore[arg-type]  # as each test names them


def test_incidents_are_not_found_by_what_was_said_of_them_and_undone(alerting: Followed) -> None:
    yard = frozen(alerting)
    settled, commented = (
        review(at(40), "discarded", incidents=(yard,), comment="A spider"),
        review(at(41), "commented", incidents=(yard,), comment="The Lorry blocks the view"),
    )
    alerting.take(settled, commented)
    before = found(alerting, review="discarded"), found(alerting, text="lorry")
    for said in (settled, commented):
        alerting.take(review(at(50), "undone", incidents=(yard,), undoes=said.id))

    assert before == (["yard"], ["yard"])
    assert (found(alerting, review="discarded"), found(alerting, review="open")) == ([], ["yard"])
    assert (found(alerting, text="lorry"), found(alerting, text="spider")) == ([], [])


def test_the_figures_count_what_is_open_what_was_opened_lately_and_what_nobody_reviewed(alerting: Followed) -> None:
    yard = frozen(alerting)
    frozen(alerting, "gate")
    alerting.take(review(at(40), incidents=(yard,)))

    counts = count_incidents(alerting.view, "DEMO", START)
    assert (counts.open, counts.closed, counts.open_reviews, counts.withheld) == (2, 0, 1, 0)
    assert (counts.recent, counts.most_common, counts.most_common_count) == (2, "freeze", 2)
    later = count_incidents(alerting.view, "DEMO", at(3600))
    assert (later.recent, later.most_common, later.open) == (0, None, 2)
