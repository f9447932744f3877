from datetime import timedelta
from pathlib import Path

from consumers.upkeep.retention.past_tiles import PastTileRetention
from consumers.views.mosaics.past_tiles import PastTiles
from tests.builders import START

DAY = 1440
TODAY = int(START.timestamp() // 60) // DAY


def write(data: Path, *minutes: int) -> None:
    for minute in minutes:
        PastTiles(data / "tiles").write(f"DEMO/{minute}-abc.jpg", b"picture")


def test_whole_days_go_when_they_are_too_old_each_with_its_event(tmp_path: Path) -> None:
    old, other, last = (TODAY - 33) * DAY, (TODAY - 32) * DAY, (TODAY - 30) * DAY
    write(tmp_path, old, old + 10, other, last)

    found = PastTileRetention(tmp_path, 30).expired(START)

    assert [(one.event.data.site, one.event.data.count, one.event.data.bytes) for one in found] == [
        ("DEMO", 2, 14),
        ("DEMO", 1, 7),
    ]
    assert [file.minute for one in found for file in one.files] == [old, old + 10, other]
    assert found[0].event.data.end - found[0].event.data.start == timedelta(days=1)
    assert found[0].event.data.start.timestamp() == old * 60


def test_what_was_not_deleted_for_a_crash_has_the_same_event_again(tmp_path: Path) -> None:
    write(tmp_path, (TODAY - 40) * DAY)

    first, again = (PastTileRetention(tmp_path, 30).expired(START)[0] for _ in range(2))

    assert first.event.id == again.event.id


def test_it_looks_once_a_day(tmp_path: Path) -> None:
    retention = PastTileRetention(tmp_path, 30)
    retention.expired(START)
    write(tmp_path, (TODAY - 40) * DAY)

    assert retention.expired(START + timedelta(hours=1)) == []
    assert len(retention.expired(START + timedelta(days=1))) == 1
