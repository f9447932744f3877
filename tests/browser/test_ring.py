"""A whole day is looked through from a bucket of minute tiles, while no hub runs."""

import functools
import http.server
import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.static_files import STATIC
from tests.browser.browser_tab import Complaints, watched_page
from tests.builders import at, frame, tick
from tests.integration.tile_bucket.published_ring import PublishedRing
from tests.minute_site import BLUE, GREEN, MINUTE, RED
from tests.rclone import BUCKET, S3Server
from tests.required import missing

pytestmark = pytest.mark.browser

RING_PAGE = STATIC / "ring"
MINUTES = 1440
SEEN_EVERY = 20
BLACK_AT = 1100
OLDEST = 20
"""Slots before it may be overwritten soon, and are not shown."""


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A public bucket with a day of two cameras, of which one was black for a minute; its hub is gone."""
    if not RING_PAGE.is_dir():
        missing("the page is not built; npm --prefix gateway/web run build")
    directory = tmp_path_factory.mktemp("ring")
    server = S3Server(directory / "s3", is_public=True)
    base = f"{server.endpoint}/{BUCKET}"
    server.start("--allow-origin", "*")
    with closing(server), closing(PublishedRing(directory / "data", server, "day", RING_PAGE, base)) as ring:
        ring.site.take(tick(at(1)))
        for minute in range(0, MINUTES, SEEN_EVERY):
            seen = 60.0 * minute
            pictures = [ring.site.picture(seen + 5, (RED, GREEN, BLUE)[minute // SEEN_EVERY % 3])]
            is_black = minute == BLACK_AT
            ring.site.take(*pictures, frame(at(seen + 6), blackscreen=is_black), tick(at(seen + 64)))
        ring.site.take(tick(at(60 * MINUTES + 4)))
        ring.fill()
        # It lists a folder once, and does not look whether others write there.
        server.stop()
        server.start("--allow-origin", "*")
        yield server


@pytest.fixture
def tab(browser: Browser) -> Iterator[tuple[Page, Complaints]]:
    with watched_page(browser, 1280) as (page, complaints):
        page.clock.set_fixed_time(at(60 * MINUTES + 30))
        yield page, complaints


def pattern(minute: int) -> re.Pattern[str]:
    return re.compile(rf"\?v={minute}\.\d+$")


def slide(page: Page, minute: int) -> None:
    """To a minute since the begin."""
    slider = page.locator("input[type=range]")
    newest = int(slider.get_attribute("max") or 0)
    slider.evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(newest - (MINUTES - 1 - minute)),
    )


def test_a_day_is_looked_through_without_a_hub(bucket: S3Server, tab: tuple[Page, Complaints]) -> None:
    page, complaints = tab
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{bucket.endpoint}/{BUCKET}/day/index.html")
    picture = page.locator("main img")
    expect(page.get_by_role("region", name="Devices")).to_contain_text("2 devices")

    page.get_by_role("button", name="Previous incident").click()
    expect(picture).to_have_attribute("src", pattern(MINUTE + BLACK_AT))
    expect(page.get_by_role("region", name="Devices")).to_contain_text("Picture black")
    expect(page.get_by_role("region", name="Devices")).to_contain_text("1 with incidents")

    page.get_by_role("button", name="Problems", exact=True).click()
    expect(picture).to_have_js_property("naturalWidth", 400)
    page.get_by_role("button", name="All", exact=True).click()
    assert page.locator("input[type=range]").get_attribute("max") == str(MINUTES - 1)
    for minute in range(OLDEST, MINUTES, SEEN_EVERY):
        slide(page, minute)
        expect(picture).to_have_attribute("src", pattern(MINUTE + minute))
        expect(picture).to_have_js_property("naturalWidth", 800)

    assert complaints.messages == []
    assert {url.partition("?")[0].rsplit(f"{BUCKET}/day/", 1)[0] for url in asked} == {f"{bucket.endpoint}/"}
    assert not [url for url in asked if "/api/" in url]


def test_a_phone_has_as_many_hours_as_there_is_room_for(bucket: S3Server, browser: Browser) -> None:
    with watched_page(browser, 390) as (page, complaints):
        page.clock.set_fixed_time(at(60 * MINUTES + 30))
        page.goto(f"{bucket.endpoint}/{BUCKET}/day/index.html")
        expect(page.locator(".ticks span").first).to_be_visible()

        boxes = [box for label in page.locator(".ticks span").all() if (box := label.bounding_box()) is not None]
        assert len(boxes) >= 3
        assert all(left["x"] + left["width"] < right["x"] for left, right in pairwise(boxes))
        assert boxes[0]["x"] >= 0
        assert boxes[-1]["x"] + boxes[-1]["width"] <= 390
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
        assert complaints.messages == []


def test_a_page_that_knows_an_older_bucket_shows_nothing_of_it_and_offers_the_newer_one(
    bucket: S3Server, tab: tuple[Page, Complaints]
) -> None:
    page, complaints = tab
    address = f"{bucket.endpoint}/{BUCKET}/day"
    younger = bucket.objects.joinpath(BUCKET, "day", "ring.json").read_text().replace('"version":1', '"version":2')
    assert '"version":2' in younger
    page.route(f"{address}/ring.json", lambda route: route.fulfill(body=younger, content_type="application/json"))
    page.goto(f"{address}/index.html")
    expect(page.get_by_role("status")).to_contain_text("The bucket has a newer page")
    expect(page.locator("main img")).to_have_count(0)

    page.unroute(f"{address}/ring.json")
    page.get_by_role("button", name="Load it").click()
    expect(page.locator("main img")).to_be_visible()
    assert complaints.messages == []


def test_a_bucket_that_allows_no_other_page_is_said_not_to_answer(
    bucket: S3Server, tab: tuple[Page, Complaints], tmp_path: Path
) -> None:
    page, _ = tab
    # The server of the tests allows every page, whatever its options say.
    with served(bucket.objects / BUCKET / "day") as closed, elsewhere(bucket, tmp_path, closed) as address:
        page.goto(f"{address}/index.html")
        expect(page.get_by_role("status")).to_contain_text("The bucket does not answer")
        expect(page.locator("main img")).to_have_count(0)


def test_a_picture_that_did_not_come_is_said_so_and_asked_for_again(
    bucket: S3Server, tab: tuple[Page, Complaints]
) -> None:
    page, _ = tab
    page.route("**/*.jpg?*", lambda route: route.abort())
    page.goto(f"{bucket.endpoint}/{BUCKET}/day/index.html")
    minute = page.get_by_role("region", name="Minute")
    expect(minute).to_contain_text("did not come")
    expect(minute).not_to_contain_text("No pictures")

    page.unroute("**/*.jpg?*")
    # It asks the bucket every 20 s.
    expect(page.locator("main img")).not_to_have_js_property("naturalWidth", 0, timeout=60_000)
    expect(minute).not_to_contain_text("did not come")


def test_what_was_overwritten_is_not_shown_and_neither_is_what_never_was(
    bucket: S3Server, tab: tuple[Page, Complaints]
) -> None:
    page, complaints = tab
    page.clock.set_fixed_time(at(60 * (MINUTES + 120)))
    page.goto(f"{bucket.endpoint}/{BUCKET}/day/index.html")
    expect(page.get_by_role("status")).to_contain_text("Nothing new since")
    slide(page, 60)

    expect(page.get_by_text("No pictures of")).to_be_visible()
    assert complaints.messages == []


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """The address of a plain server of files."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def elsewhere(bucket: S3Server, directory: Path, base: str | None = None) -> Iterator[str]:
    """The page on another server, which reads the tiles of the bucket, or of another address."""
    copy = shutil.copytree(RING_PAGE, directory / "page")
    ring = json.loads((bucket.objects / BUCKET / "day" / "ring.json").read_text())
    (copy / "ring.json").write_text(json.dumps({**ring, "base": base or ring["base"]}))
    with served(copy) as address:
        yield address


def test_a_page_elsewhere_reads_the_tiles_across_origins(
    bucket: S3Server, tab: tuple[Page, Complaints], tmp_path: Path
) -> None:
    page, complaints = tab
    with elsewhere(bucket, tmp_path) as address:
        page.goto(f"{address}/index.html")
        slide(page, 20)
        expect(page.locator("main img")).to_have_attribute("src", pattern(MINUTE + 20))
        expect(page.locator("main img")).to_have_js_property("naturalWidth", 800)
        expect(page.get_by_role("region", name="Devices")).to_contain_text("2 devices")

    assert complaints.messages == []
