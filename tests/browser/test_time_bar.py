"""What stands at the right end of the time bar, where the handle is while the page is live."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.browser_tab import watched_page
from tests.browser.scripted_product import Day, ScriptedProduct

pytestmark = pytest.mark.browser

_ON_TOP = """mark => {
    const { left, top, width, height } = mark.getBoundingClientRect();
    const above = document.elementFromPoint(left + width / 2, top + height / 2);
    return mark === above || mark.contains(above);
}"""
_LINES = "words => words.getClientRects().length"


def bubble_at(page: Page, share: float) -> Locator:
    """The bubble over the moment at that share of the bar."""
    track = page.locator(".bar .track").bounding_box()
    assert track is not None
    page.mouse.move(track["x"] + share * (track["width"] - 1), track["y"] + track["height"] / 2)
    bubble = page.locator(".bar .hint")
    expect(bubble).to_be_visible()
    return bubble


@pytest.mark.parametrize("width", [1440, 390])
def test_the_bubble_of_the_time_bar_is_whole_and_reads_in_lines_wherever_it_stands(
    browser: Browser, scripted: ScriptedProduct, day: Day, width: int
) -> None:
    with watched_page(browser, width) as (page, complaints):
        page.goto(f"{scripted.address}/wall")
        for share in (0.0, 0.5, 1.0):
            bubble = bubble_at(page, share)
            box = bubble.bounding_box()

            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert bubble.locator("strong").evaluate(_LINES) == 1
            assert bubble.locator("> span").last.evaluate("words => words.offsetHeight") <= 60
        assert complaints.messages == []


def test_the_mark_of_the_newest_alert_lies_over_the_handle_and_leads_to_it(
    browser: Browser, scripted: ScriptedProduct, day: Day
) -> None:
    with watched_page(browser, 1440) as (page, _):
        page.goto(f"{scripted.address}/wall")
        mark = page.locator(".bar a.mark").first
        expect(mark).to_be_visible()

        assert mark.evaluate(_ON_TOP)
        mark.click()
        expect(page).to_have_url(re.compile(r"alert="))
