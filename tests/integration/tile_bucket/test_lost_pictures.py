"""Minutes whose pictures are lost on the disk, as where somebody removed `tiles/`."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event as Flag
from uuid import uuid4

import pytest

from consumers.upkeep.tile_bucket import publisher
from consumers.upkeep.tile_bucket.publisher import TilePublisher
from tests.builders import START, at, tick
from tests.integration.tile_bucket.published_ring import PublishedRing
from tests.minute_site import MINUTE
from tests.rclone import S3Server


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[PublishedRing]:
    (tmp_path / "s3").mkdir()
    with (
        S3Server(tmp_path / "s3") as s3,
        closing(PublishedRing(tmp_path / "data", s3, f"ring-{uuid4().hex[:8]}")) as ring,
    ):
        ring.site.take(*(tick(at(1 + 60 * minute)) for minute in range(7)))
        yield ring


def test_they_hold_up_no_older_minute_and_leave_nothing_to_do_at_once(
    ring: PublishedRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "MINUTES_PER_ROUND", 2)
    for minute in range(MINUTE + 2, MINUTE + 5):
        for lost in (ring.hub.data / "tiles" / "DEMO").glob(f"{minute}-*"):
            lost.unlink()
    assert ring.hub.tile_bucket is not None
    with closing(TilePublisher(ring.hub.data, ring.hub.tile_bucket, lambda: START, Flag())) as made:
        rounds = [made.round() for _ in range(6)]

    assert sorted(path.name for path in ring.path("heatmaps/DEMO").glob("1*.json")) == ["1000.json", "1001.json"]
    assert ring.index().revisions[-5:] == (0, 0, None, None, None)
    assert rounds[-1] is False
