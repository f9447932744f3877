"""The timeline of a whole day: how soon it is there, and what it asks for while somebody moves over it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browser_tab import watched_page
from tests.browser.day_site import DAY_MINUTES, LIVENESS, SHOWN, WATCH, asking, scrub, served_day

pytestmark = pytest.mark.browser

MOST_REQUESTS = 8
MOST_SCRUBBING = 60


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_day(tmp_path_factory.mktemp("day")) as url:
        yield url


def test_a_day_is_there_at_once_with_few_requests(browser: Browser, address: str) -> None:
    with watched_page(browser, 1440) as (page, complaints), asking(page) as asked:
        page.goto(f"{address}/timeline")
        picture = page.locator(SHOWN)
        expect(picture).to_be_visible()
        taken_ms = page.evaluate("() => performance.now()")

        # What surrounds the picture is asked for after it.
        before = asked.up_to_picture()
        assert before == list(dict.fromkeys(before))
        assert len(before) <= MOST_REQUESTS, before
        expect(page.get_by_role("slider", name="Moment shown")).to_have_attribute("aria-valuemax", str(DAY_MINUTES))
        # A second where nothing else runs; here several tests may.
        assert taken_ms < 10_000
        expect(page.get_by_role("group", name="Share of time in full").locator("tbody tr").first).to_be_visible()
        expect(page.locator(".bar rect.incident[data-type=blackscreen]")).to_have_count(1)
        assert complaints.messages == []


def test_hours_are_moved_over_with_a_picture_of_each_minute_and_no_question(browser: Browser, address: str) -> None:
    with watched_page(browser, 1440) as (page, complaints):
        page.goto(f"{address}/timeline")
        expect(page.locator(SHOWN)).to_be_visible()
        page.wait_for_load_state("networkidle")
        steps = 110
        done = scrub(page, steps)

        assert set(done.asked.of("/api")) <= LIVENESS
        assert done.shown > steps * 0.9
        assert len(done.asked.paths) <= MOST_SCRUBBING, done.asked.paths
        assert complaints.messages == []


def test_twenty_minutes_a_second_are_played_until_somebody_moves_the_handle(browser: Browser, address: str) -> None:
    at = (datetime.now(UTC) - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:00Z")
    with watched_page(browser, 1440) as (page, complaints):
        page.goto(f"{address}/timeline?at={at}")
        expect(page.locator(SHOWN)).to_be_visible()
        before = page.locator("main [data-minute]").get_attribute("data-minute")
        page.get_by_role("button", name="20/s").click()
        with asking(page) as asked:
            page.get_by_role("button", name="Play").click()
            moved = (
                "before => Number(document.querySelector('main [data-minute]')?.dataset.minute) > Number(before) + 30"
            )
            page.wait_for_function(moved, arg=before)
            page.evaluate(WATCH)
            page.wait_for_function("() => window.shownMinutes.size > 20")
            assert set(asked.of("/api")) <= LIVENESS
        track = page.locator(".bar .track").bounding_box()
        assert track is not None
        page.mouse.click(track["x"] + 200, track["y"] + track["height"] - 30)

        expect(page.get_by_role("button", name="Play")).to_be_visible()
        assert complaints.messages == []


def test_pictures_that_did_not_come_while_the_network_was_away_are_there_once_it_is_back(
    browser: Browser, address: str
) -> None:
    at = (datetime.now(UTC) - timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:00Z")
    with watched_page(browser, 1440) as (page, _):
        page.goto(f"{address}/timeline?at={at}")
        expect(page.locator(SHOWN)).to_be_visible()
        page.wait_for_load_state("networkidle")
        page.context.set_offline(True)
        expect(page.get_by_role("status").filter(has_text="Offline")).to_be_visible()
        # Farther back than what was loaded beside the picture.
        for _ in range(4):
            page.keyboard.press("ArrowLeft")
        main = page.get_by_role("main")
        expect(main).to_contain_text("The gateway is out of reach")
        expect(main).not_to_contain_text("No pictures of")

        page.context.set_offline(False)
        expect(page.locator(SHOWN)).to_be_visible()
        expect(main).not_to_contain_text("out of reach")


def test_who_works_by_the_keyboard_passes_by_the_devices_of_a_mosaic(browser: Browser, address: str) -> None:
    several = {"cells": [{"device": f"yard-{n}", "x": n, "y": 0, "w": 1, "h": 1, "state": "ok"} for n in range(7)]}
    with watched_page(browser, 1440) as (page, complaints):
        page.route("**/heatmaps/*/*.json?*", lambda route: route.fulfill(json={**route.fetch().json(), **several}))
        page.goto(f"{address}/timeline")
        page.get_by_role("link", name="Skip 7 devices").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")

        expect(page.get_by_role("button", name="Previous minute")).to_be_focused()
        assert complaints.messages == []
