"""A day and two hours of a site with outages and late data: no stale slot, no skipped minute, the same again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bus_schemas.event import Event
from consumers.engine.rebuild.compare import verify
from consumers.hub_config import Mosaic
from consumers.views.mosaics import RING
from consumers.views.mosaics.questions import description, newest_minute, slot_minute, tile
from tests.builders import at, frame, tick
from tests.following import Followed
from tests.minute_site import BLUE, GREEN, MINUTE, RED, Site

HOURS = 26
SMALL = Mosaic(cell_width=128, cell_height=96)


def minutes_of(site: Site, chance: Random) -> Iterator[list[Event]]:
    """What arrives in each minute: a quarter of it late, up to three hours, and nothing at all in three outages."""
    late: dict[int, list[Event]] = {}
    for minute in range(HOURS * 60):
        arrived = late.pop(minute, [])
        begin = 60.0 * minute
        for device in ("gate", "yard"):
            picture = site.picture(begin + chance.randrange(50), chance.choice((RED, GREEN, BLUE)), device)
            seen = [picture, frame(at(begin + 51), device=device, freeze=chance.random() < 0.02)]
            if chance.random() < 0.25:
                late.setdefault(minute + chance.randrange(1, 180), []).extend(seen)
            else:
                arrived += seen
        hub_is_away = any(start <= minute < start + length for start, length in ((200, 7), (900, 45), (1430, 20)))
        yield [*arrived, *([] if hub_is_away else [tick(at(begin + 64))])]


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_a_ring_of_26_hours_has_each_minute_once_and_is_folded_alike_again(tmp_path: Path) -> None:
    site = Site(tmp_path, ("gate", "yard"))
    site.followed.close()
    projection = site.projection(tmp_path, SMALL)
    with Followed(projection, tmp_path / "live") as live:
        for arrived in minutes_of(site, Random(7)):
            live.take(*arrived)
        view, last = live.view, MINUTE + HOURS * 60 - 1

        assert newest_minute(view, "DEMO") == last
        kept = [minute for (minute,) in view.execute("select minute from tiles where site = 'DEMO' order by minute")]
        assert kept == list(range(last - RING + 1, last + 1))
        for slot in range(RING):
            minute = slot_minute(view, "DEMO", slot)
            assert minute is not None
            assert minute % RING == slot
            assert last - RING < minute <= last
            found = description(view, "DEMO", minute)
            assert found is not None
            assert f'"minute": {minute},'.encode() in found.json
            shown = tile(view, "DEMO", minute)
            assert shown is not None
            assert site.tiles.read(shown.name) is not None
        assert view.execute("select max(revision) from tiles").fetchone()[0] > 0
        assert verify(site.projection(tmp_path / "aside", SMALL), live.source) == []


BAD = {
    "a thumbnail that does not decode": (b"no picture", timedelta(0), "undecodable"),
    "a thumbnail that is cut off": (RED[: len(RED) // 3], timedelta(0), None),
    "an empty thumbnail": (b"", timedelta(0), "undecodable"),
    "a picture dated an hour ahead": (GREEN, timedelta(hours=1), "missing"),
    "a picture of yesterday's slot": (GREEN, timedelta(days=-1), "missing"),
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_a_minute_closes_whatever_arrives_and_its_good_neighbour_is_shown(tmp_path: Path, what: str) -> None:
    payload, offset, status = BAD[what]
    site = Site(tmp_path, ("gate", "yard"))
    bad = site.picture(5 + offset.total_seconds(), payload, "yard")
    site.take(tick(at(1)), bad, site.picture(6, BLUE, "gate"), frame(at(7), device="gate"), tick(at(64)))

    assert newest_minute(site.followed.view, "DEMO") == MINUTE
    assert site.device(MINUTE, "gate")["status"] == "active"
    assert status is None or site.device(MINUTE, "yard")["status"] == status
    assert tile(site.followed.view, "DEMO", MINUTE + 60) is None
    site.followed.close()
