from collections.abc import Iterator
from pathlib import Path

import pytest

from bus_schemas.event import Event
from consumers.engine.rebuild.compare import verify
from consumers.hub_config import Mosaic
from consumers.upkeep.retention.past_tiles import PastTileRetention
from consumers.views.mosaics import past_tiles, projection, ring
from consumers.views.mosaics.past_tiles import PastTiles, past_minutes, past_tile
from tests.builders import at, frame, tick
from tests.following import Followed
from tests.minute_site import GREEN, MINUTE, RED, Site

RING = 20
"""Minutes, in these tests."""


@pytest.fixture(autouse=True)
def short_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (past_tiles, projection, ring):
        monkeypatch.setattr(module, "RING", RING)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "live")
    yield made
    made.followed.close()


def minutes_pass(first: int, last: int) -> list[Event]:
    """The ticks with which these minutes close."""
    return [tick(at(60 * minute + 64)) for minute in range(first, last + 1)]


def an_hour(site: Site) -> list[Event]:
    """Pictures in two minutes that stay, and what is known of them late: when the first is about to leave the ring, and
    when it has left.
    """
    begin = [tick(at(1)), site.picture(10, RED), frame(at(11)), *minutes_pass(0, 9), site.picture(605, GREEN)]
    late, too_late = frame(at(20), blackscreen=True), site.picture(30, GREEN)
    return [*begin, *minutes_pass(10, RING - 1), late, tick(at(60 * RING + 20)), *minutes_pass(RING, RING + 1),
            too_late, *minutes_pass(RING + 2, 60)]  # fmt: skip


def taken(site: Site) -> list[Event]:
    return [record.event for record in site.followed.journal.read(0, None, 10_000).records]


def pictures(directory: Path, followed: Followed) -> dict[int, bytes | None]:
    files = PastTiles(directory / "tiles")
    names = {minute: past_tile(followed.view, "DEMO", minute) for minute in past_minutes(followed.view, "DEMO")}
    return {minute: None if name is None else files.read(name) for minute, name in names.items()}


def test_of_what_leaves_the_ring_one_minute_in_ten_stays_as_it_was_shown(site: Site) -> None:
    site.take(tick(at(1)), site.picture(10, RED), frame(at(11)), *minutes_pass(0, RING - 1))
    shown = (site.directory / "tiles" / "DEMO").glob(f"{MINUTE}-*.jpg")
    payload = next(shown).read_bytes()

    site.take(*minutes_pass(RING, RING + 11))

    kept = pictures(site.directory, site.followed)
    assert list(kept) == [MINUTE, MINUTE + 10]
    assert kept[MINUTE] == payload


def test_the_batches_in_which_it_is_folded_change_nothing(site: Site, tmp_path: Path) -> None:
    for event in an_hour(site):
        site.take(event)

    with Followed(site.projection(tmp_path / "at once"), tmp_path / "at once", taken(site)) as at_once:
        kept = pictures(tmp_path / "at once", at_once)

    assert list(kept) == [MINUTE + 10 * number for number in range(5)]
    assert kept == pictures(site.directory, site.followed)


def test_a_fold_for_which_the_pictures_are_gone_keeps_the_tiles_that_are_there(site: Site, tmp_path: Path) -> None:
    site.take(*an_hour(site))
    before = pictures(site.directory, site.followed)
    site.media.payloads.clear()

    again = site.projection(site.directory)
    with Followed(again, tmp_path / "again", taken(site)) as folded:
        assert pictures(site.directory, folded) == before


def test_after_some_days_they_go(site: Site, tmp_path: Path) -> None:
    few = site.projection(tmp_path / "few", Mosaic(past_days=1))
    with Followed(few, tmp_path / "few", [tick(at(1)), site.picture(10, RED), *minutes_pass(0, 40)]) as folded:
        assert past_minutes(folded.view, "DEMO") == [MINUTE, MINUTE + 10, MINUTE + 20]

        folded.take(tick(at(86_400 + 15 * 60 + 4)))

        assert [minute for minute in past_minutes(folded.view, "DEMO") if minute < MINUTE + 14] == []


def test_after_retention_has_deleted_what_is_too_old_the_view_is_still_the_fold_and_all_that_is_left_is_there(
    site: Site, tmp_path: Path
) -> None:
    directory = tmp_path / "few"
    events = [tick(at(1)), site.picture(10, RED), *minutes_pass(0, 40), tick(at(2 * 86_400 + 15 * 60))]
    with Followed(site.projection(directory, Mosaic(past_days=1)), directory, events) as folded:
        old = [file.minute for file in PastTiles(directory / "tiles").older_than(MINUTE + 1440)]
        retention = PastTileRetention(directory, 1)
        for expired in retention.expired(at(2 * 86_400 + 15 * 60)):
            for file in expired.files:
                retention.delete(file.name)

        assert old[:3] == [MINUTE, MINUTE + 10, MINUTE + 20]
        assert None not in pictures(directory, folded).values()
        assert verify(site.projection(tmp_path / "shadow", Mosaic(past_days=1)), folded.source) == []


def test_with_no_days_none_stays(site: Site, tmp_path: Path) -> None:
    none = site.projection(tmp_path / "none", Mosaic(past_days=0))
    with Followed(none, tmp_path / "none", [tick(at(1)), site.picture(10, RED), *minutes_pass(0, 40)]) as folded:
        assert past_minutes(folded.view, "DEMO") == []
        assert not (tmp_path / "none" / "tiles" / past_tiles.DIRECTORY).exists()
