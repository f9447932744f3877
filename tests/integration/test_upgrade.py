"""A data directory of an older release is opened, goes on and is verified.

`tests/fixtures/data-0.1.0.tar.xz` is what `watchpost up` of 0.1.0 left after a minute, without rows and logs. Its site
had a thermal sensor with a hot spot, a camera that turned black, and a foreign device that sent five events.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bus_schemas.event import device_source
from bus_schemas.settings import AdjustableSettings
from consumers.alerting.alerts.questions import alerts
from consumers.engine import view_files
from consumers.hub_config import HubConfig
from consumers.registry import consumer_registry
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.days import list_days
from consumers.upkeep.maintenance import views_there
from consumers.upkeep.verify.run import check
from edge.agent.settings_store import SettingsStore
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from tests import builders
from tests.builders import START
from tests.node_parts import health
from tests.whole_hub import Bus
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.hubs import hub_config

RELEASE = Path(__file__).parents[1] / "fixtures" / "data-0.1.0.tar.xz"
EVENTS = 158
AFTERWARDS_S = (datetime(2026, 11, 29, 15, 24, 12, tzinfo=UTC) - START).total_seconds()
TOMORROW_S = AFTERWARDS_S + 86_400
OVEN = device_source("YARD", "OVEN")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    shutil.unpack_archive(RELEASE, tmp_path)
    return tmp_path / "data"


@pytest.fixture
def site(data: Path) -> HubConfig:
    return hub_config(WatchpostConfig(), data, {})


@pytest.fixture
def upgraded(site: HubConfig) -> Iterator[Bus]:
    """Ingest and every consumer of this release have been started on it, and time goes on."""
    with closing(Bus(site)) as bus:
        bus.tick(AFTERWARDS_S)
        bus.fold(AFTERWARDS_S)
        yield bus


def test_every_consumer_is_at_the_head_and_nothing_is_told_again(upgraded: Bus, site: HubConfig) -> None:
    assert (upgraded.failures(), upgraded.behind()) == ([], [])
    assert upgraded.head == EVENTS + 1
    assert set(views_there(consumer_registry(site))) >= {"registry", "alerting", "health", "recordings", "mosaics"}
    assert not list((site.data / "views").glob("incidents*"))


def test_the_alert_that_somebody_acknowledged_is_still_that_alert(upgraded: Bus, site: HubConfig) -> None:
    with closing(view_files.open_view(site.data, "alerting")) as view:
        found = [(one["id"], one["acknowledged"]) for one in alerts(view) if one["type"] == "hot_spot"]

    ada = {"by": "ada", "time": "2026-11-29T15:24:02.596Z"}
    assert found == [("b5d24c5c-e6e8-58c3-a368-be7dc70fe7c0", ada)]


def test_the_journal_goes_on_in_a_day_of_its_own_and_keeps_the_old_one(upgraded: Bus, site: HubConfig) -> None:
    upgraded.say(builders.detection(builders.at(TOMORROW_S), site="YARD", device="DOOR", id="door-6"), TOMORROW_S)
    upgraded.fold(TOMORROW_S)

    assert upgraded.failures() == []
    assert upgraded.head > EVENTS + 1
    assert [day.date.isoformat() for day in list_days(site.data / "journal")] == ["2026-11-29", "2026-11-30"]


def test_everything_is_verified(upgraded: Bus, site: HubConfig) -> None:
    found = {one.part: one for one in check((), site, lambda *_: None)}

    assert {part: (one.faults, one.uncompared) for part, one in found.items()} == dict.fromkeys(found, ([], []))
    assert found["journal"].notes[0] == "159 events in 5 streams, positions 1…159"
    assert found["media"].notes == ["5 media, 137,211 bytes: 5 in the archive, 0 dropped by retention"]
    assert {"registry", "alerting", "health", "recordings", "mosaics"} <= set(found)


def test_a_picture_is_read_from_its_pack_of_an_hour(data: Path) -> None:
    with ArchiveReader(data / "archive") as archive:
        newest = archive.newest("YARD", "GATE", "capture", datetime(2026, 11, 29, 15, 25, tzinfo=UTC))
        assert newest is not None
        body = archive.read(newest.key)

    assert body is not None
    assert body.startswith(b"\xff\xd8")


def test_an_agent_goes_on_with_its_outbox_and_with_what_people_had_set(data: Path) -> None:
    with Outbox(data / "outbox" / "YARD.sqlite", utc_now) as outbox:
        outbox.put(health(OVEN), durable=True)
        epoch = outbox.epoch
    store = SettingsStore(data / "agent" / "YARD.json", [OVEN])

    assert epoch == "01a227e7-5fb6-7000-a5e0-6205f88ce581"
    assert [roi.name for roi in store.current(OVEN, AdjustableSettings()).rois] == ["lid"]
    assert store.trouble(OVEN) is None
