"""A minute shows what was the case in it, whenever that became known."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bus_schemas.event import HUB, Event
from consumers.store.archive.disk import Archive
from consumers.store.archive.index import NAME, mark_incomplete, open_to_write
from consumers.store.archive.indexed_media import IndexAway, IndexedMedia
from consumers.views.mosaics.layout import cell_size, size
from consumers.views.mosaics.questions import MinuteRun, tile, timeline
from tests.builders import START, at, detection, frame, health, incident, media, thermal, tick
from tests.minute_site import GREEN, MINUTE, RED, Site

RED_BORDER, GREEN_BORDER, GREY_BORDER = (255, 0, 0), (0, 255, 0), (128, 128, 128)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.followed.close()


def has_colour(pixel: tuple[int, ...], colour: tuple[int, int, int]) -> bool:
    return max(abs(one - other) for one, other in zip(pixel, colour, strict=True)) < 40


def test_a_minute_that_was_black_for_45_s_is_not_green_though_it_ended_well(site: Site) -> None:
    black = [frame(at(second), blackscreen=True, freeze=True) for second in range(45)]
    site.take(tick(at(0)), *black, *(frame(at(second)) for second in range(45, 60)), tick(at(64)))

    yard = site.device(MINUTE)
    assert (yard["state"], yard["condition"], yard["types"]) == ("incident", "warning", ["blackscreen"])
    assert (yard["analysis_json"]["blackscreen"], yard["analysis_json"]["timestamp"]) == (
        True,
        "2026-01-05T10:00:44.000Z",
    )
    assert site.json(MINUTE)["incidents_count"] == 1


@pytest.mark.parametrize(
    ("of", "details", "condition"),
    [
        ("offline", {}, "offline"),
        ("stale", {}, "warning"),
        ("degraded", {}, "warning"),
        ("hot_spot", {"level": "emergency"}, "critical"),
        ("audio_loss", {}, "warning"),
        ("storage", {"level": "critical"}, "critical"),
        ("a_type_of_tomorrow", {}, "warning"),
    ],
)
def test_whatever_incident_holds_colours_the_minute(
    site: Site, of: str, details: dict[str, str], condition: str
) -> None:
    site.take(tick(at(0)), site.picture(5, GREEN), frame(at(5)))
    site.take(incident(at(10), of, details=details), frame(at(20)), tick(at(64)))

    shown = site.json(MINUTE)
    assert (shown["state"], shown["condition"], shown["types"], shown["incidents_count"]) == (
        "incident",
        condition,
        [of],
        1,
    )
    assert [cell["device"] for cell in shown["ko"]["cells"]] == ["yard"]
    assert tile(site.followed.view, "DEMO", MINUTE, "ko") is not None
    assert has_colour(site.border(MINUTE), RED_BORDER)


def test_an_open_incident_colours_every_minute_until_it_closes_also_those_without_data(site: Site) -> None:
    site.take(tick(at(0)), site.picture(5, GREEN), frame(at(5)), tick(at(64)))
    site.take(incident(at(70), "offline"), tick(at(200)))
    site.take(frame(at(250)), incident(at(250), "offline", "closed"), frame(at(305)), tick(at(370)))

    assert [site.json(MINUTE + n)["state"] for n in range(6)] == ["ok", *["incident"] * 4, "ok"]
    assert site.device(MINUTE + 2)["types"] == ["offline"]
    assert has_colour(site.border(MINUTE + 2), RED_BORDER)


def test_an_incident_that_becomes_known_later_corrects_the_minutes_that_it_touches(site: Site) -> None:
    for minute in range(3):
        site.take(site.picture(60 * minute + 5, GREEN), frame(at(60 * minute + 5)), tick(at(60 * minute + 64)))
    before = [site.json(MINUTE + n) for n in range(3)]
    site.take(incident(at(100), "freeze"), tick(at(190)))

    after = [site.json(MINUTE + n) for n in range(3)]
    assert [one["state"] for one in before] == ["ok"] * 3
    assert [one["state"] for one in after] == ["ok", "incident", "incident"]
    assert [one["revision"] for one in after] == [0, 1, 1]


def test_an_incident_that_closed_before_the_minutes_that_it_coloured_leaves_them(site: Site) -> None:
    site.take(tick(at(0)), incident(at(10), "blackscreen"))
    site.take(*(frame(at(60 * minute + 30)) for minute in range(3)), tick(at(184)))
    before = [site.json(MINUTE + n)["state"] for n in range(3)]
    site.take(incident(at(50), "blackscreen", "closed"), tick(at(190)))

    assert before == ["incident"] * 3
    assert [site.json(MINUTE + n)["state"] for n in range(3)] == ["incident", "ok", "ok"]


def test_a_minute_is_as_bad_as_an_incident_was_in_it(site: Site) -> None:
    grades = [(10, "warning"), (70, "critical"), (130, "emergency")]
    for second, level in grades:
        site.take(incident(at(second), "hot_spot", details={"level": level}), tick(at(second - second % 60 + 64)))
    site.take(incident(at(185), "hot_spot", "closed"), thermal(at(250)), tick(at(304)))

    found = [site.json(MINUTE + n)["condition"] for n in range(5)]
    assert found == ["warning", "error", "critical", "critical", "ok"]


def test_an_incident_of_a_moment_belongs_to_the_minute_of_that_moment(site: Site) -> None:
    site.take(tick(at(0)), *(frame(at(60 * minute + 30)) for minute in range(3)))
    site.take(incident(at(60), "clock"), incident(at(60), "clock", "closed"), tick(at(184)))

    assert [site.json(MINUTE + n)["state"] for n in range(3)] == ["ok", "incident", "ok"]


def test_the_worst_type_comes_first_and_counts_are_of_devices(tmp_path: Path) -> None:
    site = Site(tmp_path, ("gate", "yard"))
    site.take(tick(at(0)), frame(at(5), device="gate", audio=False), frame(at(5), blackscreen=True))
    site.take(incident(at(6), "hot_spot", details={"level": "emergency"}), tick(at(64)))

    shown = site.json(MINUTE)
    assert (shown["incidents_count"], shown["condition"]) == (2, "critical")
    assert shown["types"] == ["hot_spot", "blackscreen", "audio_loss"]
    assert [each["condition"] for each in shown["devices"]] == ["warning", "critical"]
    site.followed.close()


def test_what_nobody_knows_is_never_green(tmp_path: Path) -> None:
    site = Site(tmp_path, ("deaf", "dead", "never", "pictured"))
    nobody = {"blackscreen": None, "freeze": None, "audio": None, "volume_percentage": 0, "mean_volume_db": -100.0}
    site.take(tick(at(0)), frame(at(5), device="deaf", **nobody), thermal(at(5), device="dead", bad_pixels=768))
    site.take(site.picture(5, GREEN, "pictured"), media(at(6), kind="thermal", device="dead"), tick(at(64)))

    shown = site.json(MINUTE)
    assert {each["device_id"]: each["state"] for each in shown["devices"]} == dict.fromkeys(
        ("dead", "deaf", "never", "pictured"), "unknown"
    )
    assert (shown["state"], shown["unknown_count"], shown["ok"]["cells"]) == ("unknown", 4, [])
    deaf = site.device(MINUTE, "deaf")["analysis_json"]
    assert (deaf["volume_percentage"], deaf["mean_volume_db"]) == (None, None)
    assert has_colour(site.border(MINUTE, "pictured"), GREY_BORDER)
    site.followed.close()


def test_a_sensor_that_cannot_read_a_pixel_keeps_the_minute_from_being_green(tmp_path: Path) -> None:
    site = Site(tmp_path, ("gate", "yard"))
    site.take(tick(at(0)), frame(at(5)), frame(at(65)))
    site.take(thermal(at(5), device="gate"), thermal(at(65), device="gate", bad_pixels=768), tick(at(124)))

    assert [site.json(MINUTE + n)["state"] for n in range(2)] == ["ok", "unknown"]
    site.followed.close()


def test_a_device_that_only_detects_was_well_when_it_said_something(site: Site) -> None:
    site.take(tick(at(0)), detection(at(5), device="door"), frame(at(5)), frame(at(65)), tick(at(124)))

    assert [site.device(MINUTE + n, "door")["condition"] for n in range(2)] == ["ok", "unknown"]
    assert [site.json(MINUTE + n)["state"] for n in range(2)] == ["ok", "ok"]


def test_a_device_that_is_not_analysed_is_well_where_it_says_so_itself(site: Site) -> None:
    nobody = {"blackscreen": None, "freeze": None, "audio": None}
    site.take(tick(at(0)), health(at(5)), health(at(65)), frame(at(70), **nobody), health(at(125), "degraded"))
    site.take(tick(at(190)))

    assert [site.device(MINUTE + n)["condition"] for n in range(3)] == ["ok", "unknown", "unknown"]


def test_what_is_wrong_with_a_node_is_shown_though_it_is_no_camera_and_the_hub_is_none(site: Site) -> None:
    site.take(tick(at(0)), frame(at(5)), incident(at(6), "storage", device="node-1"))
    site.take(incident(at(6), "system_error", site=HUB, device=HUB), tick(at(64)))

    assert [(each["device_id"], each["condition"]) for each in site.json(MINUTE)["devices"]] == [
        ("node-1", "warning"),
        ("yard", "ok"),
    ]


def test_the_last_pictures_of_an_analysis_are_thumbnails(site: Site) -> None:
    pictures = [site.picture(second, GREEN) for second in (2, 4, 6, 8)]
    site.take(tick(at(0)), *pictures, frame(at(8)), tick(at(64)))

    keys = [picture.model_dump()["data"]["key"] for picture in pictures]
    assert site.device(MINUTE)["analysis_json"]["last_3_thumbnails"] == keys[1:]


def test_a_correction_that_changes_no_cell_draws_nothing(site: Site) -> None:
    site.take(tick(at(0)), site.picture(50, RED), frame(at(5)), tick(at(64)))
    before = tile(site.followed.view, "DEMO", MINUTE)
    site.media.payloads.clear()
    site.take(site.picture(10, GREEN), frame(at(20), audio=None), tick(at(70)))

    assert before is not None
    assert tile(site.followed.view, "DEMO", MINUTE) == replace(before, revision=1)
    assert site.json(MINUTE)["revision"] == 1
    assert site.device(MINUTE)["status"] == "active"


def test_minutes_are_the_same_however_events_are_batched(tmp_path: Path) -> None:
    reported: list[Event] = [tick(at(0)), frame(at(5)), frame(at(6), device="late")]
    reported += [incident(at(20), "freeze"), tick(at(64)), frame(at(30), audio=False), tick(at(70)), frame(at(65))]
    reported += [incident(at(15), "offline", device="late"), tick(at(126)), tick(at(190)), tick(at(20))]
    reported += [incident(at(80), "freeze", "closed"), frame(at(10), device="new"), tick(at(192)), frame(at(61))]
    rows = []
    for limit in (1, 2, 5, len(reported)):
        made = Site(tmp_path / str(limit))
        made.followed.journal.append(*reported, received=at(62))
        made.followed.catch_up(limit)
        tables = ("seen", "held", "devices", "closed", "late", "tiles")
        rows.append([made.followed.view.execute(f"select * from {table}").fetchall() for table in tables])
        made.followed.close()

    assert rows[1:] == rows[:1] * 3


def test_a_hundred_devices_take_no_more_room_than_24() -> None:
    assert cell_size(24, 400, 300) == (400, 300)
    width, height = size(100, *cell_size(100, 400, 300))
    assert width * height <= 1.01 * 2400 * 1200


def test_the_timeline_says_what_was_the_case_and_how_bad_it_was(site: Site) -> None:
    site.take(tick(at(0)), frame(at(5)), tick(at(64)), incident(at(70), "offline"), tick(at(184)))
    site.take(incident(at(185), "offline", "closed"), frame(at(190), blackscreen=True), tick(at(305)))

    found = timeline(site.followed.view, "DEMO", MINUTE, 6)
    assert found is not None
    assert found.spans == (
        MinuteRun(1, 2, "offline", ("offline",)),
        MinuteRun(3, 1, "offline", ("offline", "blackscreen")),
    )


def test_an_index_that_is_being_made_is_not_taken_for_pictures_that_are_gone(tmp_path: Path) -> None:
    medium = media(at(5), GREEN)
    with Archive(tmp_path, lambda: START) as archive:
        archive.store([(medium.data, medium.time, GREEN)])
    reader = IndexedMedia(tmp_path)
    found = reader.read(medium.data.key)
    (tmp_path / NAME).unlink()
    with pytest.raises(IndexAway):
        reader.read(medium.data.key)
    open_to_write(tmp_path).close()
    with pytest.raises(IndexAway):
        reader.read(medium.data.key)
    with Archive(tmp_path, lambda: START) as archive:
        again = reader.read(medium.data.key)
        index = open_to_write(tmp_path)
        mark_incomplete(index)
        index.close()
        with pytest.raises(IndexAway):
            reader.read(medium.data.key)
    with Archive(tmp_path, lambda: START):
        pass

    assert (found, again, reader.read(medium.data.key)) == (GREEN, GREEN, GREEN)
    assert reader.read("DEMO/yard/thumbnail/nobody-sent-it") is None
    reader.close()
