"""The mosaics of past days, as the timeline asks for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.views.mosaics import past_tiles, projection, ring
from tests import builders
from tests.integration.gateway.started import Filled, Started

MINUTE = int(builders.START.timestamp() // 60)


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Filled]:
    """Fifteen minutes, of which ten have left the ring."""
    for module in (past_tiles, projection, ring):
        monkeypatch.setattr(module, "RING", 5)
    with Filled(tmp_path) as filled:
        ticks = [builders.tick(builders.at(60 * minute + 4)) for minute in range(1, 16)]
        filled.append(builders.tick(builders.at(1)), builders.frame(builders.at(10)), *ticks)
        yield filled.fold()


def test_the_minutes_are_listed_and_each_has_its_picture(past: Filled) -> None:
    with Started(past.hub) as started, started.client() as client:
        known = client.get(f"/api/v1/timeline/{builders.SITE}/past").json()
        picture = client.get(f"/heatmaps/{builders.SITE}/past/{MINUTE}.jpg")
        again = client.get(
            f"/heatmaps/{builders.SITE}/past/{MINUTE}.jpg", headers={"If-None-Match": picture.headers["etag"]}
        )
        other = client.get(f"/heatmaps/{builders.SITE}/past/{MINUTE + 1}.jpg")
        nowhere = client.get("/api/v1/timeline/NOWHERE/past").json()

    assert known == {"site": builders.SITE, "every_minutes": 10, "series": [{"first": MINUTE, "count": 1}]}
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert picture.content.startswith(b"\xff\xd8")
    assert again.status_code == 304
    assert other.status_code == 404
    assert f"of the minute {MINUTE + 1} of a past day" in other.json()["detail"]
    assert nowhere["series"] == []
