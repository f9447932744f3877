"""Views by name: rebuilt, verified, or refused in words."""

from pathlib import Path

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.engine import view_files
from consumers.engine.consumer_set import NotAView, UnknownConsumer
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.view_files import NoView
from consumers.hub_config import HubConfig
from consumers.registry import consumer_registry
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from consumers.upkeep.maintenance import rebuild_view
from consumers.views.health.projection import HealthProjection
from producer.times import micros
from tests.builders import START, frame, numbered
from tests.following import hub_in
from tests.verified_views import verify_views


@pytest.fixture
def hub(tmp_path: Path) -> HubConfig:
    """A hub with ten frames in its journal, folded into `health`."""
    events: list[Event] = list(numbered([frame() for _ in range(10)]))
    with Journal(tmp_path / "journal", lambda: START) as journal:
        journal.append([Accepted(event, to_bytes(event), micros(START)) for event in events])
    reader = SqliteJournalReader(tmp_path / "journal")
    follower = Follower(HealthProjection(), ConsumerContext(tmp_path, reader, lambda: START))
    follower.advance()
    follower.close()
    reader.close()
    return hub_in(tmp_path)


def test_a_view_is_rebuilt_by_name_and_tells_how_far_it_is(hub: HubConfig) -> None:
    steps: list[tuple[int, int]] = []
    before = view_files.file_of(hub.data, "health")
    rebuild_view(consumer_registry(hub), "health", lambda done, of: steps.append((done, of)))

    assert steps == [(0, 10), (10, 10)]
    assert view_files.file_of(hub.data, "health") != before
    assert verify_views([], consumer_registry(hub)) == {"health": []}


def test_a_view_that_somebody_has_changed_is_found(hub: HubConfig) -> None:
    file = view_files.file_of(hub.data, "health")
    assert file is not None
    view = view_files.connect(file)
    view.execute("update devices set online = 0")
    view.close()

    (difference,) = verify_views(["health"], consumer_registry(hub))["health"]
    assert (difference.table, difference.only_in_view, difference.only_in_fold) == ("devices", 1, 1)


def test_what_is_no_view_is_refused_in_words(hub: HubConfig) -> None:
    with pytest.raises(NotAView, match="'webhook' is a sink"):
        rebuild_view(consumer_registry(hub), "webhook", lambda done, of: None)
    with pytest.raises(NoView, match="'motion' has no view yet"):
        rebuild_view(consumer_registry(hub), "motion", lambda done, of: None)
    with pytest.raises(UnknownConsumer, match="no consumer 'x'"):
        verify_views(["x"], consumer_registry(hub))
