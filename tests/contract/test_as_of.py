"""A view asked as of a moment answers what a view answered that was folded until then."""

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bus_schemas.event import Event
from consumers.alerting.alerts.questions import alert as one_alert
from consumers.alerting.alerts.questions import alerts, count_open, why
from consumers.alerting.conditions import conditions
from consumers.alerting.incidents.questions import incident, incidents, open_incidents
from consumers.alerting.projection import AlertingProjection
from consumers.engine import checkpoint
from consumers.engine.follower import ConsumerContext
from consumers.engine.intervals import IntervalQuery
from consumers.engine.projection import Projection
from consumers.engine.rebuild.whole import fold_upto
from consumers.engine.versions import NEWEST
from consumers.engine.view_creation import create
from consumers.hub_config import HubConfig
from consumers.views import settings
from consumers.views.health import past_view, questions
from consumers.views.health.projection import HealthProjection
from consumers.views.settings import SettingsProjection
from tests.builders import START, at
from tests.contract.story import story
from tests.contract.story_with_people import with_people
from tests.examples import examples
from tests.following import Followed, MemoryMedia
from tests.memory_journal import MemoryJournal

END_S = 2500
moments = st.lists(st.floats(-10, END_S), min_size=1, max_size=8).map(sorted)


class View(NamedTuple):
    """How a view is made, and everything that can be asked of it at a moment, as of a position."""

    make: Callable[[HubConfig], Projection]
    asks: tuple[Callable[[sqlite3.Connection, datetime, int], Any], ...]

    def ask(self, view: sqlite3.Connection, now: datetime, upto: int) -> list[Any]:
        return [ask(view, now, upto) for ask in self.asks]


def ask_health(view: sqlite3.Connection, now: datetime, upto: int) -> Any:
    return (
        questions.devices(view, now=now),
        questions.nodes(view),
        questions.last_tick(view),
        questions.device(view, "DEMO", "gate", now),
    )


def ask_incidents(view: sqlite3.Connection, now: datetime, upto: int) -> Any:
    everything = incidents(view, IntervalQuery(limit=1000, upto=upto))
    return (
        everything,
        open_incidents(view, "DEMO", upto),
        incidents(view, IntervalQuery(device="gate", state="closed", limit=3, upto=upto)),
        incidents(view, IntervalQuery(start=at(700), end=at(800), upto=upto)),
        [incident(view, one["id"], upto) for one in everything],
    )


def ask_alerts(view: sqlite3.Connection, now: datetime, upto: int) -> Any:
    everything = alerts(view, IntervalQuery(limit=1000, upto=upto))
    return (
        everything,
        count_open(view, None, upto),
        alerts(view, IntervalQuery(type="hot_spot", state="open", upto=upto)),
        alerts(view, IntervalQuery(start=at(300), end=at(1500), upto=upto)),
        alerts(view, IntervalQuery(after=everything[0]["id"], upto=upto)) if everything else None,
        [(one_alert(view, one["id"], upto), why(view, one["id"], upto)) for one in everything],
    )


def ask_conditions(view: sqlite3.Connection, now: datetime, upto: int) -> Any:
    return conditions(view, upto), conditions(view, upto, "DEMO")


def ask_settings(view: sqlite3.Connection, now: datetime, upto: int) -> Any:
    return [
        (settings.settings(view, "DEMO", name, upto), settings.changes(view, "DEMO", name, upto=upto))
        for name in ("yard", "gate", "nowhere")
    ]


VIEWS = {
    "health": View(lambda hub: HealthProjection(), (ask_health,)),
    "alerting": View(lambda hub: AlertingProjection(), (ask_incidents, ask_alerts, ask_conditions)),
    "settings": View(lambda hub: SettingsProjection(), (ask_settings,)),
}


@pytest.fixture(scope="module")
def hub() -> HubConfig:
    return HubConfig(data=Path("nowhere"), archive=MemoryMedia)


@pytest.fixture(scope="module")
def observed() -> list[tuple[float, Event]]:
    return with_people(story())


class Ended(NamedTuple):
    """A view that has folded the whole journal, and the seconds at which its positions were received."""

    view: View
    hub: HubConfig
    journal: MemoryJournal
    received: list[float]
    folded: sqlite3.Connection

    def upto(self, second: float) -> int:
        return bisect_right(self.received, second)

    def as_of(self, second: float) -> Any:
        """The answer of the whole view as of then."""
        if self.view.make is VIEWS["health"].make:
            with past_view.as_of(self.folded, self.journal, self.upto(second)) as then:
                return self.view.ask(then, at(second), NEWEST)
        return self.view.ask(self.folded, at(second), self.upto(second))

    def live(self, seconds: list[float]) -> Iterator[Any]:
        """The answers of a view that is folded just so far, now."""
        with TemporaryDirectory() as directory:
            projection = self.view.make(self.hub)
            shadow = create(projection, Path(directory) / "shadow.sqlite")
            checkpoint.begin(shadow, 0, projection.version)
            context = ConsumerContext(Path(directory), self.journal, lambda: START)
            for second in seconds:
                fold_upto(projection, shadow, context, self.upto(second))
                yield self.view.ask(shadow, at(second), NEWEST)
            shadow.close()


@pytest.fixture(scope="module", params=sorted(VIEWS))
def ended(request: pytest.FixtureRequest, hub: HubConfig, observed: list[tuple[float, Event]]) -> Iterator[Ended]:
    view = VIEWS[request.param]
    with TemporaryDirectory() as directory, Followed(view.make(hub), Path(directory)) as followed:
        for second, event in observed:
            followed.journal.append(event, received=at(second))
        folded = followed.catch_up(77).view
        yield Ended(view, hub, followed.journal, [second for second, _ in observed], folded)


@pytest.mark.thorough
@examples(8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seconds=moments)
def test_the_answer_as_of_a_moment_is_the_one_that_was_given_then(ended: Ended, seconds: list[float]) -> None:
    answers = [ended.as_of(second) for second in seconds]

    assert answers == list(ended.live(seconds))


def test_the_moments_of_the_story_have_different_answers(ended: Ended) -> None:
    """Without this the test above would hold of a view in which nothing happens."""
    answers = [ended.as_of(second) for second in range(0, END_S, 50)]

    for of_one_question in zip(*answers, strict=True):
        assert len({repr(answer) for answer in of_one_question}) >= 3


def test_before_the_first_event_nothing_was_known(ended: Ended) -> None:
    (nothing,) = ended.live([-1.0])

    assert ended.as_of(-1.0) == nothing
