"""The stores as of a moment: which position counts, and what is refused because nothing is known of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.projection import Projection
from consumers.engine.versions import NEWEST
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from consumers.views.health.projection import HealthProjection
from consumers.views.health.questions import devices
from consumers.views.health.snapshots import Keep
from consumers.views.settings import SettingsProjection, settings
from gateway.http.problems import Problem
from gateway.reading.moments import Behind, at
from gateway.reading.stores import Stores, open_stores
from producer.times import micros
from tests import builders
from tests.builders import START
from tests.settable_clock import SettableClock

LATER = builders.at(86_400)
NOW = builders.at(90_000)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two frames on one day, and settings, a frame and two ticks on the day after."""
    clock = SettableClock(START)
    with Journal(tmp_path / "journal", clock) as journal:
        journal.append(taken(builders.frame(START), builders.frame(builders.at(10), device="gate")))
        clock.now = LATER
        reported = (builders.settings(LATER), builders.frame(LATER, device="roof"))
        ticks = [builders.tick(LATER + timedelta(seconds=second)) for second in (1, 40)]
        journal.append(taken(*reported, *ticks))
    return tmp_path


def taken(*events: Event) -> list[Accepted]:
    return [Accepted(event, to_bytes(event), micros(event.time)) for event in events]


@pytest.fixture
def stores(data: Path) -> Iterator[Stores]:
    with open_stores(data, SqliteStore(data / "journal")) as opened:
        yield opened


def fold(data: Path, stores: Stores, projection: Projection, batch: int = 1000) -> None:
    """One batch of it."""
    follower = Follower(projection, ConsumerContext(data, stores.journal, lambda: NOW))
    follower.advance(batch)
    follower.close()


def test_now_is_the_view_as_it_is(data: Path, stores: Stores) -> None:
    fold(data, stores, HealthProjection())
    with at(stores, None, NOW) as moment:
        assert (moment.now, moment.upto) == (NOW, NEWEST)
        assert moment.health() is stores.view("health")


def test_a_moment_knows_what_had_been_received_by_then(data: Path, stores: Stores) -> None:
    fold(data, stores, HealthProjection())
    with at(stores, builders.at(5), NOW) as moment:
        assert (moment.now, moment.upto) == (builders.at(5), 1)
        assert [one.device for one in devices(moment.health())] == ["yard"]
        assert moment.health() is moment.health()


def test_a_moment_before_everything_is_empty(data: Path, stores: Stores) -> None:
    fold(data, stores, HealthProjection())
    with at(stores, START - timedelta(days=1), NOW) as moment:
        assert (moment.upto, devices(moment.health())) == (0, [])


def test_what_is_to_come_is_refused(stores: Stores) -> None:
    with pytest.raises(Problem) as refused, at(stores, NOW + timedelta(seconds=1), NOW):
        pass

    assert (refused.value.status, "has not come yet" in refused.value.detail) == (400, True)


def test_the_days_that_the_journal_has_dropped_are_not_made_up(data: Path, stores: Stores) -> None:
    (data / "journal" / "2026-01-05.sqlite").unlink()
    with pytest.raises(Problem) as refused, at(stores, builders.at(20), NOW):
        pass

    assert (refused.value.status, "does not reach back to" in refused.value.detail) == (404, True)


def test_what_the_snapshots_have_forgotten_is_not_made_up(data: Path, stores: Stores) -> None:
    fold(data, stores, HealthProjection(Keep(fine=1, coarse=1)))
    with pytest.raises(Problem) as refused, at(stores, builders.at(5), NOW) as moment:
        moment.health()

    assert (refused.value.status, refused.value.detail.startswith("as_of: ")) == (404, True)


def test_a_view_that_lacks_only_what_does_not_concern_it_answers(data: Path, stores: Stores) -> None:
    fold(data, stores, SettingsProjection(), batch=1)
    with at(stores, NOW, NOW) as moment:
        assert settings(moment.view(SettingsProjection), builders.SITE, builders.DEVICE, moment.upto) != {}


def test_a_view_that_lacks_an_event_of_its_own_is_behind(data: Path, stores: Stores) -> None:
    fold(data, stores, SettingsProjection())
    with Journal(data / "journal", lambda: LATER) as journal:
        journal.append(taken(builders.settings(NOW)))

    with pytest.raises(Behind, match="'settings' is at position 6, and 7 is asked for"), at(stores, NOW, NOW) as moment:
        moment.view(SettingsProjection)
    with at(stores, NOW - timedelta(seconds=1), NOW) as moment:
        assert moment.view(SettingsProjection) is stores.view("settings")
