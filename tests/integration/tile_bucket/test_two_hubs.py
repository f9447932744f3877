"""Two hubs whose sites are in one bucket: each says only what it knows, and takes nothing from the other."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag
from uuid import uuid4

import pytest

from consumers.upkeep.tile_bucket.page_files import RingSites
from consumers.upkeep.tile_bucket.publisher import TilePublisher
from tests.builders import at, frame, tick
from tests.integration.tile_bucket.published_ring import PublishedRing, RecordingBucket
from tests.rclone import S3Server

PAGE = '<!doctype html><title>A</title><script type="module" crossorigin src="./assets/ring.js"></script>'


class RunningHub:
    """A hub that has run since the begin of the test."""

    def __init__(self, ring: PublishedRing) -> None:
        assert ring.hub.tile_bucket is not None
        self.now = datetime.now(UTC)
        self.ring = ring
        self.bucket = RecordingBucket(ring.storage)
        self.publisher = TilePublisher(ring.hub.data, ring.hub.tile_bucket, lambda: self.now, Flag())
        self.publisher._bucket = self.bucket

    def publish(self, *sites: str) -> set[str]:
        """With minutes of these sites too; what it sent."""
        for site in sites:
            self.ring.site.take(tick(at(1), site=site), frame(at(6), site=site), tick(at(64)))
        self.bucket.puts.clear()
        while self.publisher.round():
            pass
        return set(self.bucket.puts)

    def sites(self) -> list[str]:
        found = RingSites.model_validate_json(self.ring.path("ring.json").read_bytes())
        return [one.site for one in found.sites]

    def close(self) -> None:
        self.publisher.close()
        self.ring.close()


@pytest.fixture
def hubs(tmp_path: Path) -> Iterator[tuple[RunningHub, RunningHub]]:
    page, prefix = tmp_path / "page", f"ring-{uuid4().hex[:8]}"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text(PAGE)
    (page / "assets" / "ring.js").write_text("show()")
    (tmp_path / "s3").mkdir()
    with S3Server(tmp_path / "s3") as server, ExitStack() as stack:
        first, second = (
            stack.enter_context(closing(RunningHub(PublishedRing(tmp_path / name, server, prefix, page))))
            for name in ("first", "second")
        )
        yield first, second


def test_a_site_that_comes_takes_no_site_of_another_hub_out_of_the_list(hubs: tuple[RunningHub, RunningHub]) -> None:
    first, second = hubs
    first.publish("EAST")
    second.publish("WEST")
    with_both = first.sites()
    first.publish("NORTH")

    assert with_both == ["DEMO", "EAST", "WEST"]
    assert first.sites() == ["DEMO", "EAST", "NORTH", "WEST"]
    signed = first.ring.path("signed.html").read_text()
    assert all(f"heatmaps/{site}/links.json" in signed for site in ("EAST", "NORTH", "WEST"))


def test_each_hub_renews_the_links_of_its_own_sites(hubs: tuple[RunningHub, RunningHub]) -> None:
    first, second = hubs
    first.publish("EAST")
    second.publish("WEST")
    for hub in hubs:
        hub.now += timedelta(hours=7)
    renewed = [hub.publish() for hub in hubs]

    assert "heatmaps/EAST/links.json" in renewed[0]
    assert "heatmaps/WEST/links.json" in renewed[1]
    assert first.sites() == ["DEMO", "EAST", "WEST"]
