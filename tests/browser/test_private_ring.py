"""A private bucket of minute tiles: whoever has the link of the page looks through it while no hub runs."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from consumers.store.cold.bucket import Bucket
from gateway.static_files import STATIC
from tests.browser.browser_tab import Complaints, watched_page
from tests.builders import at, frame, tick
from tests.integration.tile_bucket.published_ring import PublishedRing
from tests.minute_site import BLUE, GREEN, RED
from tests.rclone import S3Server
from tests.required import missing

pytestmark = pytest.mark.browser

RING_PAGE = STATIC / "ring"
MINUTES = 240
SEEN_EVERY = 20
BLACK_AT = 100
HOUR_S = 3600


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """With four hours of two cameras, of which one was black for a minute; its hub is gone."""
    if not RING_PAGE.is_dir():
        missing("the page is not built; npm --prefix gateway/web run build")
    directory = tmp_path_factory.mktemp("ring")
    with (
        S3Server(directory / "s3") as server,
        closing(PublishedRing(directory / "data", server, "private/ring", RING_PAGE)) as ring,
    ):
        ring.site.take(tick(at(1)))
        for minute in range(0, MINUTES, SEEN_EVERY):
            picture = ring.site.picture(60.0 * minute + 5, (RED, GREEN, BLUE)[minute // SEEN_EVERY % 3])
            seen = frame(at(60.0 * minute + 6), blackscreen=minute == BLACK_AT)
            ring.site.take(picture, seen, tick(at(60.0 * minute + 64)))
        ring.site.take(tick(at(60 * MINUTES + 4)))
        ring.fill()
        # It lists a folder once, and does not look whether others write there.
        server.stop()
        server.start()
        with closing(Bucket(ring.storage)) as bucket:
            yield bucket


@pytest.fixture
def tab(browser: Browser) -> Iterator[tuple[Page, Complaints]]:
    with watched_page(browser, 1280) as (page, complaints):
        page.clock.set_fixed_time(at(60 * MINUTES + 30))
        yield page, complaints


def slide(page: Page, minutes_before: int) -> None:
    slider = page.locator("input[type=range]")
    slider.evaluate(
        "(slider, back) => { slider.value = Number(slider.max) - back;"
        " slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        minutes_before,
    )


def test_whoever_has_the_link_looks_through_the_day_without_a_hub(bucket: Bucket, tab: tuple[Page, Complaints]) -> None:
    page, complaints = tab
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(bucket.link("signed.html", HOUR_S))
    picture = page.locator("main img")
    expect(page.get_by_role("region", name="Devices")).to_contain_text("2 devices")
    expect(picture).to_have_js_property("naturalWidth", 800)

    page.get_by_role("button", name="Previous incident").click()
    expect(page.get_by_role("region", name="Devices")).to_contain_text("Picture black")
    page.get_by_role("button", name="Problems", exact=True).click()
    expect(picture).to_have_js_property("naturalWidth", 400)
    page.get_by_role("button", name="All", exact=True).click()

    shown = set[str]()
    for back in range(MINUTES - SEEN_EVERY - 1, 0, -SEEN_EVERY):
        slide(page, back)
        expect(page.get_by_text("Loading…")).to_have_count(0)
        expect(picture).to_have_js_property("naturalWidth", 800)
        shown.add(picture.get_attribute("src") or "")
    assert len(shown) == MINUTES // SEEN_EVERY - 1

    assert complaints.messages == []
    assert not [url for url in asked if not re.match(r"blob:|http://127.0.0.1:\d+/evidence/private/ring/", url)]


def test_a_picture_that_did_not_come_is_said_so_and_asked_for_again(
    bucket: Bucket, tab: tuple[Page, Complaints]
) -> None:
    page, _ = tab
    page.route("**/*.jpg?*", lambda route: route.abort())
    page.goto(bucket.link("signed.html", HOUR_S))
    minute = page.get_by_role("region", name="Minute")
    expect(minute).to_contain_text("did not come")

    page.unroute("**/*.jpg?*")
    # It asks the bucket every 20 s.
    expect(page.locator("main img")).to_have_js_property("naturalWidth", 800, timeout=60_000)
    expect(minute).not_to_contain_text("did not come")


def test_a_page_whose_links_have_ended_says_so(bucket: Bucket, tab: tuple[Page, Complaints]) -> None:
    page, _ = tab
    page.route("**/ring.json?*", lambda route: route.fulfill(status=403))
    page.clock.set_fixed_time("2099-01-05T10:00:00Z")
    page.goto(bucket.link("signed.html", HOUR_S))

    expect(page.get_by_role("status")).to_contain_text("The links of this page held until")
