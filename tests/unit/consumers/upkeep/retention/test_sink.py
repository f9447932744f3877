"""Retention: what is old or too much goes by whole packs, and every byte of it is told."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.alert import RetentionEvent
from bus_schemas.event import Event
from bus_schemas.node import CommandEvent
from consumers.engine import view_files
from consumers.hub_config import RetentionPolicy
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention
from consumers.store.disk import DiskSpace
from consumers.upkeep.retention.holding import FreeMedia
from consumers.upkeep.retention.questions import cleanup_run, cleanup_status
from consumers.upkeep.retention.scope import RetentionScope
from consumers.upkeep.retention.sink import RetentionSink
from consumers.views.mosaics.past_tiles import PastTiles
from tests.builders import START, at, command, tick
from tests.retention_yard import HOUR, Yard, retentions


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    made = Yard(tmp_path)
    yield made
    made.deliverer.close()


def test_captures_go_after_an_hour_and_thumbnails_after_a_day(yard: Yard) -> None:
    yard.store("capture", 0.5, 2.5, 5.5)
    yard.store("thumbnail", 0.5, 2.5, 30.5)

    reported = yard.take(tick(START))
    assert retentions(reported) == [("capture", 1), ("capture", 1), ("thumbnail", 1)]
    assert (yard.left("capture"), yard.left("thumbnail")) == (1, 2)


def test_missed_hours_are_made_up_for(yard: Yard) -> None:
    yard.store("capture", *(hours + 0.5 for hours in range(1, 30)))

    assert sum(count for _, count in retentions(yard.take(tick(START)))) == 29
    assert retentions(yard.take(tick(at(60)))) == []


def test_what_went_is_told_with_its_bytes_and_rule(yard: Yard) -> None:
    yard.store("capture", 5.5)

    (event,) = yard.take(tick(START))
    assert isinstance(event, RetentionEvent)
    assert event.data.rule == "capture: kept for 1 h"
    assert event.data.bytes >= len(b"capture 5.5" * 100)
    assert (event.data.start, event.data.end) == (at(-5.5 * HOUR), at(-5.5 * HOUR + 300))


def test_nothing_goes_twice_in_a_minute_and_nothing_without_a_tick(yard: Yard) -> None:
    yard.take(tick(START))
    yard.store("capture", 5.5)

    assert retentions(yard.take(tick(at(5)), command(at(6), name="snapshot"))) == []
    assert retentions(yard.take(tick(at(65)))) == [("capture", 1)]


def test_recordings_go_by_bytes_the_oldest_first(tmp_path: Path) -> None:
    yard = Yard(tmp_path, RetentionPolicy(media=(("segment", timedelta(days=7)),), segment_bytes=1500))
    yard.store("segment", 1.5, 2.5, 3.5)

    reported = yard.take(tick(START))
    assert [event.data.start for event in reported if isinstance(event, RetentionEvent)] == [
        at(-3.5 * HOUR),
        at(-2.5 * HOUR),
    ]
    assert yard.left("segment") == 1
    yard.deliverer.close()


def test_a_full_disk_is_cleaned_down_to_its_target_and_the_newest_minutes_stay(yard: Yard) -> None:
    yard.store("segment", 0.0, 1.5, 2.5)
    yard.fill(DiskSpace(10_000, 9_000))

    reported = yard.take(tick(START))
    assert [event.data.rule for event in reported if isinstance(event, RetentionEvent)] == [
        "disk used by 85 % or more: down to 75 %"
    ] * 2
    assert yard.left("segment") == 1


def test_a_disk_below_the_threshold_is_left_alone(yard: Yard) -> None:
    yard.store("segment", 1.5)
    yard.fill(DiskSpace(10_000_000_000_000, 8_400_000_000_000))

    assert yard.take(tick(START)) == []


@pytest.mark.parametrize(("used", "goes"), [(8_440_000_000_000, 0), (8_451_000_000_000, 1)])
def test_media_go_before_the_threshold_from_which_people_are_alerted(yard: Yard, used: int, goes: int) -> None:
    yard.store("segment", 1.5)
    yard.fill(DiskSpace(10_000_000_000_000, used))

    assert len(yard.take(tick(START))) == goes


@pytest.mark.parametrize(("used", "goes"), [(585_000_000, 0), (588_000_000, 1)])
def test_on_a_small_disk_room_is_left_for_the_logs_of_databases(yard: Yard, used: int, goes: int) -> None:
    yard.store("segment", 1.5)
    yard.fill(DiskSpace(700_000_000, used))

    assert len(yard.take(tick(START))) == goes


def test_past_tiles_that_are_too_old_are_deleted_from_the_disk_and_each_day_is_told(yard: Yard) -> None:
    day, files = 1440, PastTiles(yard.hub.data / "tiles")
    today = int(START.timestamp() // 60) // day
    old, whole, young = (today - 31) * day + 10, (today - 31) * day + 20, (today - 30) * day
    for minute in (old, whole, young):
        files.write(f"DEMO/{minute}-shown.jpg", b"picture")

    reported = yard.take(tick(START))

    assert retentions(reported) == [("tile", 2)]
    assert [files.read(f"DEMO/{minute}-shown.jpg") for minute in (old, whole, young)] == [None, None, b"picture"]
    assert retentions(yard.take(tick(at(60)))) == []


def test_a_crash_before_a_past_tile_is_deleted_tells_of_it_once(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    files, minute = PastTiles(yard.hub.data / "tiles"), int(at(-40 * 24 * HOUR).timestamp() // 60)
    files.write(f"DEMO/{minute}-shown.jpg", b"picture")
    yard.journal.append(tick(START))
    file = view_files.file_of(yard.hub.data, "retention")
    assert file is not None
    sink = RetentionSink(RetentionScope.of(yard.hub), lambda: START, yard.analyse)
    with monkeypatch.context() as crash, closing(view_files.connect(file)) as state:
        crash.setattr(PastTiles, "remove", lambda *_: sys.exit())
        with pytest.raises(SystemExit):
            sink.deliver(state, yard.journal.read(0).records)
    yard.deliverer.close()
    yard.deliverer = yard.start()

    yard.take(tick(at(60)))

    assert retentions(yard.reported()) == [("tile", 1)]
    assert files.read(f"DEMO/{minute}-shown.jpg") is None


def test_a_crash_between_writing_down_and_telling_leaves_nothing_untold(yard: Yard) -> None:
    yard.store("capture", 5.5)
    yard.journal.append(tick(START))
    file = view_files.file_of(yard.hub.data, "retention")
    assert file is not None
    state = view_files.connect(file)
    sink = RetentionSink(RetentionScope.of(yard.hub), lambda: START, yard.analyse)
    lost = list(sink.deliver(state, yard.journal.read(0).records))
    state.close()
    yard.deliverer.close()
    yard.deliverer = yard.start()

    assert yard.left("capture") == 0
    assert [event.id for event in yard.reported()] == [event.id for event in lost]


def test_a_clean_up_that_is_asked_for_answers_once(yard: Yard) -> None:
    yard.take(tick(START))
    yard.store("segment", 1.5)
    asked = command(at(1), name="cleanup", state="asked", request_id="r-7", source="/sites/_hub/devices/_hub")
    yard.fill(DiskSpace(10_000, 9_000))
    reported = yard.take(asked)
    again = yard.take(asked)

    done = [event.data for event in reported if isinstance(event, CommandEvent)]
    assert [(each.state, each.request_id) for each in done] == [("done", "r-7")]
    assert done[0].arguments["files_deleted"] == 1
    assert (done[0].detail or "").startswith("Deleted 1 files, freed 0.00 GB")
    assert retentions(again) == []
    view = view_files.open_view(yard.hub.data, "retention")
    assert cleanup_run(view, "r-7") == done[0].arguments
    assert cleanup_run(view, "r-8") is None
    view.close()


def test_a_clean_up_may_not_be_needed(yard: Yard) -> None:
    (done,) = yard.take(command(name="cleanup", state="asked"))

    assert isinstance(done, CommandEvent)
    assert done.data.detail == "No cleanup needed"


def test_the_status_counts_files_by_their_age(yard: Yard) -> None:
    yard.store("segment", 0.5, 30, 5 * 24, 9 * 24)
    retention = ArchiveRetention(yard.hub.data / "archive", lambda: START)
    with ArchiveReader(yard.hub.data / "archive") as archive:
        policy = replace(yard.hub.retention, media=(("segment", timedelta(days=7)),))
        free = FreeMedia(retention, ["segment"], [], START)
        status = cleanup_status(policy, yard.disk, archive.usage(), free, START)

    assert status["disk_usage"] == {"percent": 50.0, "used_gb": 50.0, "free_gb": 50.0, "total_gb": 100.0}
    assert status["retention_stats"]["files_by_age"] == {"<1day": 1, "1-3days": 1, "3-7days": 1, ">7days": 1}
    assert status["retention_stats"]["oldest_file_age_days"] == 9
    assert status["cleanup_config"]["retention_days"] == 7.0


def cleaned(reported: list[Event]) -> dict[str, Any]:
    (done,) = [event.data for event in reported if isinstance(event, CommandEvent)]
    return dict(done.arguments or {})


def test_captures_of_an_hour_are_gone_after_an_hour_and_ten_minutes(yard: Yard) -> None:
    yard.store("capture", *(minute / 60 for minute in range(90)))
    yard.take(tick(START))

    oldest = yard.held_names()[0]
    assert oldest >= "0850.pack"


def test_room_is_made_without_a_tick_and_told_with_the_next(yard: Yard) -> None:
    yard.take(tick(START))
    yard.store("segment", *(minute / 60 for minute in range(60)))
    yard.fill(DiskSpace(yard.held() * 2, yard.held() * 19 // 10))
    yard.now += timedelta(seconds=2)
    yard.deliverer.idle()

    assert yard.analyse().percent < 76
    assert 10 <= yard.left("segment") < 60
    reported = yard.take(tick(at(5)))
    assert sum(count for _, count in retentions(reported)) == 60 - yard.left("segment")


def test_no_event_names_a_device_of_which_nothing_went(yard: Yard) -> None:
    yard.store("segment", 1.5)
    for device in ("gate", "hall"):
        yard.store("segment", 1.5, device=device)
    yard.fill(DiskSpace(10_000, 8_600))

    reported = [event.data.device for event in yard.take(tick(START)) if isinstance(event, RetentionEvent)]
    assert reported == ["gate"]


def test_a_clean_up_that_finds_nothing_to_delete_is_no_success(yard: Yard) -> None:
    yard.store("segment", 0.0, 0.1)
    yard.fill(DiskSpace(10_000, 9_450))

    answer = cleaned(yard.take(command(name="cleanup", state="asked")))

    assert (answer["success"], answer["cleanup_triggered"], answer["files_deleted"]) == (False, False, 0)
    assert answer["message"] == (
        "Nothing to delete: the disk is still used by 94.5 %; all media but those of the newest 10 minutes are gone,"
        " the rest of the disk holds something else"
    )


def test_a_clean_up_tells_what_the_disk_really_has_more(yard: Yard) -> None:
    yard.take(tick(START))
    yard.store("segment", 1.5)
    yard.fill(DiskSpace(10_000, 9_000))
    size = yard.held()

    answer = cleaned(yard.take(command(name="cleanup", state="asked")))

    assert (answer["used_bytes_before"], answer["used_bytes_after"]) == (9_000, 9_000 - size)


def test_bytes_that_others_hold_are_not_told_as_freed(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.take(tick(START))
    yard.store("segment", 1.5)
    yard.analyse = lambda: DiskSpace(10_000, 9_000)  # type: ignore[method-assign]  # put in place of the real one
    yard.deliverer.close()
    yard.deliverer = yard.start()

    answer = cleaned(yard.take(command(name="cleanup", state="asked")))

    assert (answer["success"], answer["space_freed_gb"]) == (True, 0.0)
    assert "others have written meanwhile, or hold them open" in answer["message"]
    yard.deliverer.close()


class FullOnce:
    """A disk that has no room for a row until a pack is gone."""

    def __init__(self, state: sqlite3.Connection, yard: Yard) -> None:
        self._state, self._yard, self._held = state, yard, yard.held()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    def executemany(self, *arguments: Any) -> Any:
        if self._yard.held() == self._held:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return self._state.executemany(*arguments)


def test_where_not_even_the_plan_can_be_written_the_oldest_pack_goes_first_and_is_told(yard: Yard) -> None:
    yard.store("segment", 1.5, 2.5)
    yard.fill(DiskSpace(10_000, 10_000))
    file = view_files.file_of(yard.hub.data, "retention")
    assert file is not None
    state = view_files.connect(file)
    sink = RetentionSink(RetentionScope.of(yard.hub), lambda: START, yard.analyse)

    reported = sink.deliver(FullOnce(state, yard), yard.ticks())  # type: ignore[arg-type]  # it is one, but for its first commit
    state.close()

    assert retentions(list(reported)) == [("segment", 1), ("segment", 1)]
    assert yard.left("segment") == 0


def test_a_device_that_backdates_too_much_loses_its_own_recordings_and_nobody_elses(tmp_path: Path) -> None:
    yard = Yard(tmp_path, RetentionPolicy(media=(("segment", timedelta(days=7)),), segment_bytes=40_000))
    yard.store("segment", *(3 + minute / 12 for minute in range(5)))
    yard.store("segment", *(0.2 + minute / 12 for minute in range(20)), device="thief")

    reported = [event.data for event in yard.take(tick(START)) if isinstance(event, RetentionEvent)]

    assert {(each.device, each.rule) for each in reported} == {("thief", "segment: kept up to 40000 bytes")}
    assert yard.left("segment") == 5
    assert 35_000 < yard.held() <= 40_000
    yard.deliverer.close()


def test_so_it_is_where_the_disk_is_full(yard: Yard) -> None:
    yard.store("segment", *(3 + minute / 12 for minute in range(5)))
    yard.store("segment", *(0.2 + minute / 12 for minute in range(20)), device="thief")
    yard.store("segment", 0.0, device="thief")
    yard.fill(DiskSpace(20_000, 17_000))

    reported = [event.data for event in yard.take(tick(START)) if isinstance(event, RetentionEvent)]

    assert {each.device for each in reported} == {"thief"}
    assert yard.left("segment") == 5
    assert yard.analyse().percent <= 75


def test_newest_media_that_are_too_much_are_not_made_up_for_by_others_and_a_clean_up_says_so(yard: Yard) -> None:
    yard.store("segment", 3.0)
    yard.store("segment", *(minute / 600 for minute in range(20)), device="thief")
    yard.fill(DiskSpace(yard.held() * 12 // 10, yard.held() * 11 // 10))

    answer = cleaned(yard.take(command(name="cleanup", state="asked")))

    assert yard.left("segment") == 1
    assert answer["message"] == (
        "Nothing to delete: the disk is still used by 91.7 %; what is too much is of the newest 10 minutes of devices"
        " above their equal share, and older media are of devices within theirs"
    )
