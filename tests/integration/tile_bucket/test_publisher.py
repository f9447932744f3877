"""The ring of minute tiles in a bucket on a real server."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from pydantic_core import from_json

from consumers.hub_faults import FaultReporter
from consumers.store.cold import client
from consumers.store.cold.bucket import Bucket, ObjectHeaders
from consumers.upkeep.tile_bucket.publisher import CLOSED, FRESH, MINUTES_PER_ROUND
from consumers.upkeep.tile_bucket.sink import TileBucketSink
from consumers.upkeep.tile_bucket.site_index import MOST_BYTES
from tests.builders import at, frame, tick
from tests.eventually import eventually
from tests.integration.tile_bucket.published_ring import PublishedRing
from tests.minute_site import GREEN, MINUTE, RED
from tests.rclone import SECRET_KEY, S3Server
from tests.s3_proxy import S3Proxy


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def ring(tmp_path: Path, s3: S3Server) -> Iterator[PublishedRing]:
    with closing(PublishedRing(tmp_path / "data", s3, f"ring-{uuid4().hex[:8]}")) as ring:
        ring.site.take(tick(at(1)))
        yield ring


def test_a_closed_minute_is_there_under_its_slot(ring: PublishedRing) -> None:
    ring.site.take(ring.site.picture(5, RED), frame(at(6)), frame(at(6), device="gate", freeze=True), tick(at(64)))
    sent = ring.publish()

    names = {"1000.jpg": "image/jpeg", "1000_ok.jpg": "image/jpeg", "1000_ko.jpg": "image/jpeg"}
    names["1000.json"] = "application/json"
    assert {path.name for path in ring.path("heatmaps/DEMO").glob("1*")} == set(names)
    for name, kind in names.items():
        headers = sent[f"heatmaps/DEMO/{name}"]
        assert headers is not None
        assert (headers.content_type, headers.metadata["minute"]) == (kind, str(MINUTE))
    assert ring.json("1000") == ring.site.json(MINUTE)
    assert (ring.index().newest, ring.index().revisions[-2:]) == (MINUTE, (0, 0))


def test_the_newest_minute_is_asked_for_again_and_a_closed_one_is_kept_by_caches(ring: PublishedRing) -> None:
    ring.site.take(tick(at(64)))
    first = ring.publish()
    ring.site.take(tick(at(124)))
    second = ring.publish()

    def cache(sent: object, name: str) -> str:
        return sent[f"heatmaps/DEMO/{name}"].cache_control  # type: ignore[index,no-any-return]  # the stand-in keeps whole objects

    assert cache(first, "1000.jpg") == FRESH
    assert [cache(second, name) for name in ("1000.jpg", "1000.json", "1001.jpg", "index.json")] == [
        CLOSED, CLOSED, FRESH, FRESH,
    ]  # fmt: skip
    assert "max-age=86400, immutable" in CLOSED


def test_a_correction_is_put_again_and_what_the_minute_has_no_more_is_gone(ring: PublishedRing) -> None:
    ring.site.take(frame(at(6)), frame(at(6), device="gate"), tick(at(64)), tick(at(124)))
    ring.publish()
    before = ring.path("heatmaps/DEMO/1000.jpg").read_bytes()
    ring.site.take(
        ring.site.picture(5, GREEN), frame(at(7), freeze=True), frame(at(7), device="gate", freeze=True), tick(at(130))
    )
    sent = ring.publish()

    assert ring.path("heatmaps/DEMO/1000.jpg").read_bytes() != before
    assert not ring.path("heatmaps/DEMO/1000_ok.jpg").exists()
    assert ring.index().revision(MINUTE) == ring.site.json(MINUTE)["revision"] == 1
    assert {name.rpartition("/")[2] for name in sent} >= {"1000.jpg", "1000_ko.jpg", "1000.json", "index.json"}


def test_what_is_there_is_not_sent_again_by_the_next_process(ring: PublishedRing) -> None:
    ring.site.take(*(tick(at(64 + 60 * minute)) for minute in range(5)))
    ring.publish()

    assert ring.publish() == {}
    ring.site.take(tick(at(364)))
    slots = {name.rpartition("/")[2][:4] for name in ring.publish() if name.endswith(".jpg")}
    assert slots == {"1004", "1005"}


def test_a_bucket_that_was_emptied_is_filled_again(ring: PublishedRing) -> None:
    ring.site.take(*(tick(at(64 + 60 * minute)) for minute in range(MINUTES_PER_ROUND + 10)))
    ring.publish()
    with closing(Bucket(ring.storage)) as bucket:
        for name, _ in list(bucket.list("heatmaps/")):
            bucket.delete(name)
    ring.publish()

    assert len(list(ring.path("heatmaps/DEMO").glob("*.jpg"))) == MINUTES_PER_ROUND + 12
    assert ring.index().revisions[-MINUTES_PER_ROUND:] == (0,) * MINUTES_PER_ROUND


def test_an_index_of_somebody_else_is_read_no_further_than_ours_can_be_and_replaced(ring: PublishedRing) -> None:
    ring.site.take(tick(at(64)))
    ring.publish()
    ring.path("heatmaps/DEMO/index.json").write_bytes(b" " * (MOST_BYTES + 1))
    sent = ring.publish()

    assert {"heatmaps/DEMO/1000.jpg", "heatmaps/DEMO/index.json"} <= set(sent)
    assert ring.index().newest == MINUTE


def test_nothing_of_a_key_is_in_the_bucket(ring: PublishedRing) -> None:
    ring.site.take(tick(at(64)))
    ring.publish()

    for path in ring.path("").rglob("*.json"):
        assert SECRET_KEY.encode() not in path.read_bytes()


def test_the_page_is_put_beside_the_tiles_and_an_older_one_goes(tmp_path: Path, s3: S3Server) -> None:
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html>")
    (page / "assets" / "ring-12345678.js").write_text("1")
    with closing(PublishedRing(tmp_path / "data", s3, "site/ring", page)) as ring:
        ring.site.take(tick(at(1)), tick(at(64)))
        sent = ring.publish()
        again = ring.publish()
        (page / "assets" / "ring-12345678.js").rename(page / "assets" / "ring-87654321.js")
        newer = ring.publish()

        assert {path.name for path in ring.path("assets").iterdir()} == {"ring-87654321.js"}
        assert b'"index":"heatmaps/DEMO/index.json"' in ring.path("ring.json").read_bytes()
    html, script = sent["index.html"], sent["assets/ring-12345678.js"]
    assert html is not None
    assert script is not None
    assert (html.content_type, html.cache_control) == ("text/html", FRESH)
    assert script.cache_control == "public, max-age=31536000, immutable"
    assert again == {}
    signed = {"signed.html", "heatmaps/DEMO/links.json"}
    assert set(newer) == {"index.html", "assets/ring-87654321.js", "ring.json"} | signed


PAGE = '<!doctype html><title>A</title><script type="module" crossorigin src="./assets/ring.js"></script>'


@pytest.fixture
def page(tmp_path: Path) -> Path:
    directory = tmp_path / "page"
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text(PAGE)
    (directory / "assets" / "ring.js").write_text('show("</script><!--")')
    return directory


def test_the_page_of_a_private_bucket_is_one_file_with_its_links(tmp_path: Path, s3: S3Server, page: Path) -> None:
    with closing(PublishedRing(tmp_path / "data", s3, f"ring-{uuid4().hex[:8]}", page)) as ring:
        ring.site.take(tick(at(1)), tick(at(64)))
        sent = ring.publish()
        found = ring.path("signed.html").read_text()

    assert sent["signed.html"] == ObjectHeaders("text/html; charset=utf-8", "private, no-cache")
    assert r'<script type="module">show("\x3C/script>\x3C!--")</script>' in found
    assert "src=" not in found
    links = from_json(found.partition('id="links">')[2].partition("</script>")[0])
    assert set(links["signatures"]) == {"ring.json", "heatmaps/DEMO/index.json", "heatmaps/DEMO/links.json"}
    assert SECRET_KEY not in found
    for name, signature in links["signatures"].items():
        answer = httpx.get(f"{links['base']}{name}?{links['query']}&X-Amz-Signature={signature}", trust_env=False)
        assert (name, answer.status_code) == (name, 200)


def test_links_are_signed_anew_long_before_they_end_and_for_a_site_that_comes(
    tmp_path: Path, s3: S3Server, page: Path
) -> None:
    with closing(PublishedRing(tmp_path / "data", s3, f"ring-{uuid4().hex[:8]}", page)) as ring:
        ring.site.take(tick(at(1)), tick(at(64)))
        ring.publish()
        soon = ring.publish(datetime.now(UTC) + timedelta(hours=5))
        later = ring.publish(datetime.now(UTC) + timedelta(hours=7))
        ring.site.take(tick(at(124), site="OTHER"), frame(at(125), site="OTHER"), tick(at(190)))
        with_another = ring.publish()

    signed = {"signed.html", "heatmaps/DEMO/links.json"}
    assert soon == {}
    # The list of sites says until when, which is the same within one second.
    assert set(later) - {"ring.json"} == signed
    assert signed | {"heatmaps/OTHER/links.json"} <= set(with_another)


def test_a_public_bucket_has_no_links(tmp_path: Path, s3: S3Server, page: Path) -> None:
    prefix = f"ring-{uuid4().hex[:8]}"
    with closing(PublishedRing(tmp_path / "data", s3, prefix, page, "https://tiles.example.net")) as ring:
        ring.site.take(tick(at(1)), tick(at(64)))
        sent = ring.publish()

    assert "index.html" in sent
    assert not {"signed.html", "heatmaps/DEMO/links.json"} & set(sent)


def test_a_bucket_that_fails_is_a_fault_of_the_hub_and_gets_all_of_it_later(
    ring: PublishedRing, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "READ_S", 2.0)
    with S3Proxy(s3.port) as proxy:
        proxy.fail("refuses")
        settings = ring.hub.tile_bucket
        assert settings is not None
        away = replace(settings, storage=replace(ring.storage, endpoint=proxy.endpoint))
        ring.site.take(tick(at(64)))
        sink = TileBucketSink(ring.hub.data, away, lambda: at(70), pace=0.01)
        faults = FaultReporter("consumers", None)
        sink.faults = faults
        with closing(sink):
            sink.idle(ring.site.followed.view)
            (fault,) = eventually(lambda: faults.faults, 30, "a fault")
            ring.site.take(tick(at(124)))
            proxy.fail("none")
            eventually(
                lambda: not faults.faults and ring.path("heatmaps/DEMO/1001.jpg").exists(), 60, "everything is there"
            )

    assert fault.reason.startswith("No minute tiles go to their bucket: s3://")
    assert "refuses to read (AccessDenied)" in fault.reason
    assert SECRET_KEY not in fault.reason
    assert ring.index().revisions[-2:] == (0, 0)


def test_without_a_bucket_nothing_is_done(ring: PublishedRing) -> None:
    with closing(TileBucketSink(ring.hub.data, None)) as sink:
        sink.idle(ring.site.followed.view)

    assert "tile_bucket" not in {thread.name for thread in threading.enumerate()}
