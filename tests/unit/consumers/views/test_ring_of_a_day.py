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
from tests.builders import at, frame, incident, registry, tick
from tests.following import Followed
from tests.minute_site import BLUE, GREEN, MINUTE, RED, Site

HOURS = 26
SMALL = Mosaic(cell_width=128, cell_height=96)
SILENT = range(400, 520)
HAPPENED: dict[int, tuple[Event, ...]] = {
    310: (incident(at(300 * 60), "blackscreen", device="gate"),),
    360: (incident(at(350 * 60), "blackscreen", "closed", device="gate"),),
    405: (incident(at(401 * 60), "offline", device="yard"),),
    700: (registry(at(700 * 60), device="gate", name="North gate", origin="page", by="ada"),),
    1100: (registry(at(1100 * 60), device="gate", retired=True, origin="page", by="ada"),),
    1200: (registry(at(1200 * 60), device="gate", retired=False, origin="page", by="ada"),),
}
"""By the minute of its arrival; one incident is over later, and the other one never."""


def minutes_of(site: Site, chance: Random) -> Iterator[list[Event]]:
    """What arrives in each minute: a quarter of it late, up to three hours; nothing at all in three outages of the hub,
    nothing of one device for two hours; what cannot be decoded, clocks that are wrong, incidents that are known late,
    and a device that is renamed, retired and watched again.
    """
    late: dict[int, list[Event]] = {}
    for minute in range(HOURS * 60):
        arrived = [*late.pop(minute, []), *HAPPENED.get(minute, ())]
        begin = 60.0 * minute
        for device in ("gate", "yard"):
            if device == "yard" and minute in SILENT:
                continue
            payload = b"no picture" if chance.random() < 0.01 else chance.choice((RED, GREEN, BLUE))
            wrong_s = chance.choices((0, 240, 3600, 365 * 86_400, -86_400), (0.96, 0.01, 0.01, 0.01, 0.01))[0]
            picture = site.picture(begin + wrong_s + chance.randrange(50), payload, device)
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
        for number, arrived in enumerate(minutes_of(site, Random(7))):
            live.take(*arrived, received=at(60 * number + 64))
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
    "a thumbnail that does not decode": (b"no picture", "undecodable"),
    "a thumbnail that is cut off": (RED[: len(RED) // 3], None),
    "an empty thumbnail": (b"", "undecodable"),
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_a_minute_closes_whatever_arrives_and_its_good_neighbour_is_shown(site: Site, what: str) -> None:
    payload, status = BAD[what]
    with_neighbour(site, site.picture(5, payload, "yard"))

    assert status is None or site.device(MINUTE, "yard")["status"] == status


def with_neighbour(site: Site, bad: Event) -> None:
    """What one device says while the other is well, and the minute closes; nothing is there of one to come."""
    site.take(tick(at(1)), site.picture(4, GREEN, "gate"), frame(at(4), device="gate"))
    site.followed.take(bad, received=at(5))
    site.take(tick(at(64)))

    assert newest_minute(site.followed.view, "DEMO") == MINUTE
    assert site.device(MINUTE, "gate")["status"] == "active"
    assert [
        minute for (minute,) in site.followed.view.execute("select minute from tiles where minute > ?", (MINUTE,))
    ] == []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, ("gate", "yard"))
    yield made
    made.followed.close()


FILED = {
    "4 minutes ahead": (timedelta(minutes=4), 4),
    "6 minutes ahead": (timedelta(minutes=6), 0),
    "an hour ahead": (timedelta(hours=1), 0),
    "a year ahead": (timedelta(days=365), 0),
    "an hour behind": (timedelta(hours=-1), -60),
    "a day behind": (timedelta(days=-1), None),
    "a year behind": (timedelta(days=-365), None),
}
"""By how far a clock is off, how many minutes from its arrival a picture is shown; nowhere where it is too old."""


@pytest.mark.parametrize("off", FILED)
def test_a_picture_of_a_wrong_clock_is_in_the_minute_where_it_belongs_and_in_none_to_come(site: Site, off: str) -> None:
    offset, minutes = FILED[off]
    before = (tick(at(-7200)), *(tick(at(60 * minute + 4)) for minute in range(-119, 1)))
    site.take(*before)
    with_neighbour(site, site.picture(5 + offset.total_seconds(), RED, "yard"))
    shown = {
        minute
        for minute in range(MINUTE - 90, MINUTE + 1)
        for one in site.json(minute)["devices"]
        if one["device_id"] == "yard" and one["status"] == "active"
    }
    assert shown == ({MINUTE + minutes} if minutes is not None and minutes <= 0 else set())

    site.take(*(tick(at(60 * minute + 4)) for minute in range(2, 8)))
    yard = [site.device(MINUTE + minute)["status"] for minute in range(1, 7)]
    assert yard == ["active" if minute == minutes else "missing" for minute in range(1, 7)]
