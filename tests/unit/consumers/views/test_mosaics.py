"""Minute tiles: every minute closes, none is stale, and what arrives late corrects it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import from_json

from bus_schemas.camera import FrameEvent
from bus_schemas.registry import RegistryEvent
from consumers.engine.rebuild.compare import compare, verify
from consumers.hub_config import Mosaic
from consumers.store.journal.record import Recorded
from consumers.views.mosaics.layout import Grid, cells, grid, inset, size
from consumers.views.mosaics.minute import device_minute, time_key
from consumers.views.mosaics.minute_state import MinuteState, of_minute
from consumers.views.mosaics.questions import (
    description,
    newest_minute,
    pack,
    slot_minute,
    tile,
    timeline,
)
from consumers.views.mosaics.sightings import Seen
from tests.builders import at, frame, media, registry, tick
from tests.following import Followed
from tests.minute_site import BLUE, GREEN, MINUTE, RED, Site, jpeg


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.followed.close()


def looks_like(pixel: tuple[int, ...], colour: tuple[int, int, int]) -> bool:
    return max(abs(one - other) for one, other in zip(pixel, colour, strict=True)) < 12


def test_every_minute_closes_also_an_empty_one(site: Site) -> None:
    site.take(tick(at(1)), site.picture(10, RED), frame(at(10)), tick(at(64)), tick(at(250)))

    view = site.followed.view
    assert newest_minute(view, "DEMO") == MINUTE + 3
    assert [site.json(MINUTE + n)["state"] for n in range(3)] == ["ok", "no_data", "no_data"]
    assert site.json(MINUTE + 1)["hosts_count"] == 0


def test_slow_work_and_missed_ticks_skip_no_minute(site: Site) -> None:
    site.take(tick(at(1)), *(site.picture(60 * n + 5, RED) for n in range(30)), tick(at(1804)))

    assert [site.json(MINUTE + n)["hosts_count"] for n in range(30)] == [1] * 30


def test_a_minute_waits_for_the_grace(site: Site) -> None:
    site.take(tick(at(1)), site.picture(10, RED), tick(at(62.9)))
    before = newest_minute(site.followed.view, "DEMO")
    site.take(tick(at(63)))

    assert (before, newest_minute(site.followed.view, "DEMO")) == (MINUTE - 1, MINUTE)


def test_the_newest_picture_of_each_device_in_order_of_names(tmp_path: Path) -> None:
    site = Site(tmp_path, ("gate", "yard"))
    late = site.picture(5, BLUE, "yard")
    site.take(site.picture(50, RED, "yard"), site.picture(2, GREEN, "gate"), late, frame(at(50)), tick(at(64)))

    assert [cell["device"] for cell in site.json(MINUTE)["cells"]] == ["gate", "yard"]
    assert looks_like(site.pixel(MINUTE, "gate"), (10, 250, 10))
    assert looks_like(site.pixel(MINUTE, "yard"), (250, 10, 10))
    site.followed.close()


def test_late_media_correct_their_minute(site: Site) -> None:
    site.take(tick(at(1)), tick(at(64)), tick(at(130)))
    empty = tile(site.followed.view, "DEMO", MINUTE)
    site.take(site.picture(10, GREEN), frame(at(10)), tick(at(135)))

    corrected = tile(site.followed.view, "DEMO", MINUTE)
    assert empty is not None
    assert corrected is not None
    assert site.json(MINUTE)["state"] == "ok"
    assert looks_like(site.pixel(MINUTE, "yard"), (10, 250, 10))
    assert site.tiles.read(empty.name) is None


def test_a_capture_stands_in_where_there_is_no_thumbnail(site: Site) -> None:
    site.take(site.picture(10, jpeg((250, 10, 10), 1920, 1080), kind="capture"), tick(at(64)))

    assert looks_like(site.pixel(MINUTE, "yard"), (250, 10, 10))
    assert site.json(MINUTE)["state"] == "unknown"


def test_what_is_missing_broken_or_lost_is_a_placeholder(tmp_path: Path) -> None:
    site = Site(tmp_path, ("attic", "gate", "yard"))
    lost = media(at(5), RED, device="gate")
    site.take(site.picture(5, b"no picture", "yard"), lost, tick(at(64)))

    assert looks_like(site.pixel(MINUTE, "attic"), (0x2A, 0x2A, 0x2A))
    assert [each["is_placeholder"] for each in site.json(MINUTE)["devices"]] == [True, True, True]
    assert [each["status"] for each in site.json(MINUTE)["devices"]] == ["missing", "missing", "undecodable"]
    assert site.json(MINUTE)["hosts_count"] == 0
    site.followed.close()


def state_of_frames(*frames: FrameEvent) -> MinuteState:
    seen = Seen("DEMO", MINUTE, "yard")
    for number, event in enumerate(frames):
        seen.take(Recorded(number, event.time, event))
    return device_minute("yard", seen).state


def test_the_state_is_computed_once_and_unknown_audio_is_no_incident() -> None:
    assert state_of_frames() is MinuteState.UNKNOWN
    assert state_of_frames(frame(audio=None, freeze=None, blackscreen=None)) is MinuteState.UNKNOWN
    assert state_of_frames(frame(audio=None)) is MinuteState.OK
    assert state_of_frames(frame(audio=False)) is MinuteState.INCIDENT
    assert of_minute([MinuteState.OK, MinuteState.INCIDENT, MinuteState.UNKNOWN], has_data=True) is MinuteState.INCIDENT
    assert of_minute([MinuteState.OK, MinuteState.UNKNOWN], has_data=True) is MinuteState.OK
    assert of_minute([MinuteState.OK, MinuteState.UNKNOWN], has_data=True, is_blind=True) is MinuteState.UNKNOWN
    assert of_minute([MinuteState.UNKNOWN], has_data=True) is MinuteState.UNKNOWN
    assert of_minute([MinuteState.UNKNOWN], has_data=False) is MinuteState.NO_DATA


def test_a_minute_without_an_incident_has_no_ko_tile(tmp_path: Path) -> None:
    site = Site(tmp_path, ("gate", "yard"))
    for device in ("gate", "yard"):
        site.take(site.picture(5, RED, device), frame(at(5), device=device, freeze=device == "gate"))
        site.take(site.picture(65, RED, device), frame(at(65), device=device))
    site.take(tick(at(64)), tick(at(124)))

    view = site.followed.view
    assert [tile(view, "DEMO", MINUTE, which) is None for which in ("all", "ok", "ko")] == [False, False, False]
    assert [tile(view, "DEMO", MINUTE + 1, which) is None for which in ("all", "ok", "ko")] == [False, False, True]
    assert tile(view, "DEMO", MINUTE + 1, "ok") == tile(view, "DEMO", MINUTE + 1)
    assert site.json(MINUTE)["incidents_count"] == 1
    assert [cell["device"] for cell in site.json(MINUTE)["ko"]["cells"]] == ["gate"]
    site.followed.close()


def test_the_json_says_where_each_cell_lies(tmp_path: Path) -> None:
    site = Site(tmp_path, ("a", "b", "c"))
    site.take(site.picture(5, RED, "a"), tick(at(64)))

    answer = site.json(MINUTE)
    assert (answer["width"], answer["height"]) == (800, 604)
    assert answer["cells"][2] == {"device": "c", "x": 0, "y": 304, "w": 400, "h": 300, "state": "unknown"}
    assert (answer["time_key"], answer["minute"]) == ("1000", MINUTE)
    site.followed.close()


def test_a_slot_never_answers_with_the_minute_of_yesterday(site: Site) -> None:
    site.take(tick(at(1)), tick(at(64)))
    view = site.followed.view

    slot = MINUTE % 1440
    assert slot_minute(view, "DEMO", slot) == MINUTE
    assert slot_minute(view, "DEMO", (slot + 1) % 1440) == MINUTE - 1439
    assert tile(view, "DEMO", MINUTE - 1439) is None
    assert newest_minute(view, "ELSEWHERE") is None


@pytest.mark.thorough
def test_the_ring_holds_1440_minutes_and_removes_the_files_of_older_ones(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.take(tick(at(1)), site.picture(5, RED), tick(at(64)))
    first = tile(site.followed.view, "DEMO", MINUTE)
    site.take(*(tick(at(64 + 60 * n)) for n in range(100, 1500, 100)), tick(at(64 + 60 * 1500)))

    assert first is not None
    assert site.tiles.read(first.name) is None
    rows = site.followed.view.execute("select count(*), min(minute) from tiles").fetchone()
    assert rows == (1440, MINUTE + 61)
    assert len(list((tmp_path / "tiles" / "DEMO").iterdir())) == 1440
    site.followed.close()


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_a_day_on_which_clocks_change_has_a_tile_for_each_minute(tmp_path: Path, day: datetime) -> None:
    site = Site(tmp_path)
    site.take(*(tick(day + timedelta(minutes=minute, seconds=4)) for minute in range(241)))

    found = site.followed.view.execute("select count(*), max(minute) - min(minute) from tiles").fetchone()
    assert found == (241, 240)
    site.followed.close()


def test_the_timeline_of_a_day_is_360_bytes(site: Site) -> None:
    site.take(site.picture(10, RED), frame(at(10), freeze=True), tick(at(64)), tick(at(124)))

    found = timeline(site.followed.view, "DEMO")
    assert found is not None
    assert (len(found.states), found.first, found.newest) == (360, MINUTE + 1 - 1439, MINUTE + 1)
    assert found.states[-1] == 0b00_10_00_00
    assert timeline(site.followed.view, "ELSEWHERE") is None


def test_four_states_fill_a_byte_from_its_lowest_bits() -> None:
    assert pack(bytes([1, 2, 3, 0, 2])) == bytes([0b00_11_10_01, 0b10])


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (1, 1)), (2, (2, 1)), (4, (2, 2)), (5, (3, 2)), (9, (3, 3)), (10, (6, 2)), (24, (6, 4)), (40, (6, 7))],
)
def test_the_grid_follows_from_the_number_of_devices(count: int, expected: tuple[int, int]) -> None:
    assert grid(count) == Grid(*expected)
    assert len(set(cells(count, 400, 300))) == count


def test_an_empty_mosaic_is_800_by_600() -> None:
    assert size(0, 400, 300) == (800, 600)


def test_a_picture_keeps_its_aspect() -> None:
    assert inset((1920, 1080), (400, 300), 4) == (4, 40, 392, 220)


def test_a_slot_is_named_by_its_utc_minute_of_the_day() -> None:
    assert (time_key(MINUTE), time_key(14 * 60 + 25), time_key(1440)) == ("1000", "1425", "0000")


def test_only_the_cells_that_changed_are_drawn_again(site: Site) -> None:
    reads: list[str] = []
    read = site.media.read
    site.media.read = lambda key: reads.append(key) or read(key)  # type: ignore[method-assign,func-returns-value]  # put in place of the real one
    site.take(tick(at(1)), site.picture(10, RED), tick(at(64)))
    site.take(site.picture(10, RED, "gate"), tick(at(70)))

    assert [key.split("/")[1] for key in reads] == ["yard", "gate"]


def test_the_quality_and_size_of_cells_are_settings(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.followed.close()
    small = site.projection(tmp_path / "small", Mosaic(cell_width=160, cell_height=90))
    with Followed(small, tmp_path / "small", [registry(name="Yard"), tick(at(1)), tick(at(64))]) as followed:
        found = description(followed.view, "DEMO", MINUTE)

    assert found is not None
    assert (from_json(found.json)["width"], from_json(found.json)["height"]) == (160, 90)


def test_minutes_that_a_clock_running_ahead_has_closed_stay_closed_however_they_are_batched(tmp_path: Path) -> None:
    events = [tick(at(1)), frame(at(5)), tick(at(200)), frame(at(70)), tick(at(10)), frame(at(12))]
    closed = []
    for limit in (1, len(events)):
        made = Site(tmp_path / str(limit))
        made.followed.journal.append(*events, received=at(5))
        made.followed.catch_up(limit)
        view = made.followed.view
        closed.append(
            [sorted(view.execute(f"select * from {table}"), key=repr) for table in ("closed", "late", "tiles")]
        )
        made.followed.close()

    assert closed[0] == closed[1]
    assert closed[0][0] == [("DEMO", MINUTE + 2)]


def by_page(seconds: float, **given: Any) -> RegistryEvent:
    return registry(at(seconds), origin="page", by="ada", **given)


def test_a_minute_shows_the_names_of_then(site: Site) -> None:
    site.take(tick(at(1)), site.picture(10, RED), tick(at(64)), by_page(70, name="Back yard"), tick(at(124)))

    names = [site.device(MINUTE + number)["device_name"] for number in range(2)]
    assert names == ["Yard", "Back yard"]


def test_a_minute_is_drawn_by_what_was_registered_at_its_tick_whatever_the_batches_are(tmp_path: Path) -> None:
    events = [tick(at(1)), tick(at(64)), by_page(70, name="Back yard"), tick(at(124)), by_page(130, retired=True)]
    one, many = Site(tmp_path / "one"), Site(tmp_path / "many")
    one.take(*events, tick(at(190)))
    for event in (*events, tick(at(190))):
        many.take(event)

    assert compare(one.followed.view, many.followed.view, one.followed.projection) == []
    for made in (one, many):
        made.followed.close()


def test_a_retired_device_leaves_the_tiles_and_keeps_its_minutes(tmp_path: Path) -> None:
    site = Site(tmp_path, ("yard", "gate"))
    site.take(tick(at(1)), site.picture(10, RED), tick(at(64)), by_page(70, retired=True), site.picture(130, RED))
    site.take(tick(at(190)), site.picture(20, GREEN), tick(at(195)))

    shown = [[it["device_id"] for it in site.json(MINUTE + number)["devices"]] for number in range(3)]
    assert shown == [["gate", "yard"], ["gate", "yard"], ["gate"]]
    site.followed.close()


def test_a_retired_site_has_no_more_minutes_until_it_is_brought_back(site: Site) -> None:
    site.take(tick(at(1)), tick(at(64)), by_page(70, device=None, retired=True), tick(at(300)))
    view = site.followed.view
    assert newest_minute(view, "DEMO") == MINUTE

    site.take(by_page(310, device=None, retired=False), tick(at(364)))
    assert newest_minute(view, "DEMO") == MINUTE + 5


def test_tiles_depend_on_the_journal_alone(site: Site) -> None:
    site.take(tick(at(1)), site.picture(10, RED), by_page(30, device="attic", name="Attic"), tick(at(64)))

    assert verify(site.projection(site.directory / "aside"), site.followed.source) == []
