"""Every view shows real content at a desk and on a phone, in the user's words, for those who see and for those who do
not, without one complaint of the browser."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.browser_tab import Complaints, visit, watched_page
from tests.browser.reviewed import (
    accessibility_findings,
    banned_words,
    colour_findings,
    settled,
    wider_than_the_window,
)
from tests.eventually import eventually

pytestmark = pytest.mark.browser

Scheme = Literal["dark", "light"]


def shows_the_wall(page: Page) -> None:
    expect(page.get_by_role("heading", name="Wall")).to_be_visible()
    expect(page.locator("main img").first).to_be_visible()
    expect(page.locator("main")).to_contain_text(re.compile(r"\d+ devices?"))


def shows_a_device(page: Page) -> None:
    page.locator("main li a").first.click()
    expect(page).to_have_url(re.compile(r"/device\?.*device="))
    expect(page.get_by_role("region", name="Pictures")).to_be_visible()
    expect(page.get_by_role("region", name="Health")).to_contain_text("Last picture")
    expect(page.get_by_role("region", name="Events").locator("li").first).to_be_visible()


def shows_the_timeline(page: Page) -> None:
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile(r"^(Today|Yesterday) \d\d:\d\d$"))).to_be_visible()
    expect(page.locator("main")).to_contain_text("the newest minute")
    expect(page.get_by_role("group", name="Minutes a second")).to_be_visible()
    # The bar is the one time scale; here it shows each device, and the table says the same in figures.
    expect(page.get_by_role("slider")).to_have_count(1)
    expect(page.get_by_role("group", name="Share of time in full").locator("tbody tr").first).to_be_visible()


def shows_playback(page: Page) -> None:
    expect(page.locator("video").first).to_be_attached()
    expect(page.get_by_test_id("clock")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    expect(page.get_by_role("slider", name="Moment shown")).to_be_visible()


def shows_the_dashboard(page: Page) -> None:
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    expect(page.get_by_label("Date")).to_have_value(re.compile(r"^\d{4}-\d\d-\d\d$"))
    expect(page.locator("main")).to_contain_text(re.compile(r"People by hour|Nothing was counted"))


def shows_alerts(page: Page) -> None:
    expect(page.get_by_role("region", name="Open alerts")).to_contain_text(re.compile(r"\d+ alerts?"))
    expect(page.get_by_role("region", name="History")).to_be_visible()


def shows_incidents(page: Page) -> None:
    expect(page.get_by_label("Figures")).to_contain_text("Still the case")
    expect(page.get_by_role("region", name="Incidents", exact=True)).to_contain_text(re.compile(r"\d+ incidents?"))


def shows_rules(page: Page) -> None:
    expect(page.get_by_role("form", name="Rules").get_by_role("row").filter(has_text="Hot spot").first).to_be_visible()
    expect(page.get_by_role("region", name="Trials")).to_contain_text("Nothing has been tried yet")


def shows_the_system(page: Page) -> None:
    expect(page.get_by_role("region", name="Consumers").locator("tr").first).to_be_visible()
    expect(page.get_by_role("region", name="Streams")).to_contain_text("Events/s")
    expect(page.locator("main")).to_contain_text(re.compile(r"Connected|Unreachable"))


def shows_settings(page: Page) -> None:
    expect(page.get_by_role("region", name="Motion").locator("tbody tr").first).to_be_visible()
    expect(page.get_by_role("region", name="Retention")).to_be_visible()


VIEWS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "wall": ("/wall", shows_the_wall),
    "device": ("/wall", shows_a_device),
    "timeline": ("/timeline", shows_the_timeline),
    "playback": ("/playback", shows_playback),
    "dashboard": ("/dashboard", shows_the_dashboard),
    "alerts": ("/alerts", shows_alerts),
    "incidents": ("/alerts?tab=incidents", shows_incidents),
    "rules": ("/alerts?tab=rules", shows_rules),
    "system": ("/system", shows_the_system),
    "settings": ("/settings", shows_settings),
}


def test_every_view_of_the_page_is_looked_at() -> None:
    [listed] = re.findall(r"VIEWS = \[(.*?)\]", Path("gateway/web/src/state/views.ts").read_text(), re.DOTALL)

    assert set(re.findall(r"'(\w+)'", listed)) <= set(VIEWS)


@pytest.fixture(scope="module", params=[(1440, "dark"), (390, "light")], ids=["desk-dark", "phone-light"])
def window(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, Complaints, Scheme]]:
    """One tab for all views of a width, as a person uses it."""
    width, scheme = request.param
    with watched_page(browser, width, scheme) as (page, complaints):
        yield page, complaints, scheme


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_its_content_within_its_window_without_a_complaint(
    window: tuple[Page, Complaints, Scheme], page_address: str, view: str
) -> None:
    page, complaints, scheme = window
    path, shows = VIEWS[view]
    complaints.messages.clear()

    visit(page, page_address + path)
    shows(page)
    settled(page)

    assert wider_than_the_window(page) == []
    assert banned_words(page) == []
    assert accessibility_findings(page) == []
    # The other colours, without loading the page again.
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark", reduced_motion="reduce")
    assert colour_findings(page) == []
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    assert complaints.messages == []


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[tuple[Page, Complaints]]:
    with watched_page(browser, 1440) as opened:
        yield opened


@pytest.fixture
def desk(tab: tuple[Page, Complaints]) -> Iterator[Page]:
    """The same tab for all that need no new one."""
    desk, complaints = tab
    complaints.messages.clear()
    yield desk
    assert complaints.messages == []


def test_the_time_bar_comes_closer_and_keeps_its_handle(desk: Page, page_address: str) -> None:
    moment = (datetime.now(UTC) - timedelta(hours=12)).strftime("%Y-%m-%dT%H:%M:%SZ")

    visit(desk, f"{page_address}/wall?at={moment}")
    handle = desk.get_by_role("slider", name="Moment shown")
    expect(desk.get_by_text("Not live")).to_be_visible()
    before = handle.bounding_box()
    for reach in ("6 h", "1 h", "10 min"):
        desk.keyboard.press("+")
        expect(desk.get_by_role("group", name=f"Time bar shows {reach}")).to_be_visible()
    after = handle.bounding_box()
    desk.get_by_role("button", name="Farther").click()

    assert before is not None
    assert after is not None
    assert abs(before["x"] - after["x"]) <= 3
    expect(desk.get_by_role("group", name="Time bar shows 1 h")).to_be_visible()


def test_the_back_button_returns_to_the_view_before(desk: Page, page_address: str) -> None:
    visit(desk, page_address + "/wall")
    desk.get_by_role("link", name="System").click()
    shows_the_system(desk)

    desk.go_back()

    shows_the_wall(desk)


def test_a_moment_in_the_address_is_shown_and_n_returns_to_now(desk: Page, page_address: str) -> None:
    moment = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")

    visit(desk, f"{page_address}/wall?at={moment}")
    expect(desk.get_by_text("Not live")).to_be_visible()
    expect(desk.get_by_role("slider", name="Moment shown")).not_to_have_attribute("aria-valuetext", re.compile("^Now"))
    desk.keyboard.press("n")

    expect(desk.get_by_text("Not live")).to_have_count(0)
    assert "at=" not in desk.url


def test_dragging_the_time_bar_writes_the_moment_into_the_address(desk: Page, page_address: str) -> None:
    visit(desk, page_address + "/wall")
    shows_the_wall(desk)
    box = desk.get_by_role("slider", name="Moment shown").bounding_box()
    assert box is not None

    desk.mouse.move(box["x"], box["y"] + 16)
    desk.mouse.down()
    desk.mouse.move(box["x"] - 200, box["y"] + 16, steps=5)
    desk.mouse.up()

    expect(desk).to_have_url(re.compile(r"at=\d{4}-\d\d-\d\dT"))
    expect(desk.get_by_text("Not live")).to_be_visible()


def test_the_colours_chosen_are_remembered(browser: Browser, page_address: str) -> None:
    with watched_page(browser, 1440) as (page, _):
        page.goto(page_address + "/wall")
        page.keyboard.press("t")
        page.reload()

        expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_question_mark_lists_the_keys_and_escape_closes_them(desk: Page, page_address: str) -> None:
    visit(desk, page_address + "/playback")
    shows_playback(desk)
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog")).to_contain_text("Speed +0.25")
    desk.keyboard.press("Escape")

    expect(desk.get_by_role("dialog")).to_have_count(0)


def test_recorded_and_live_video_play_in_the_browser_that_people_have(
    whole_browser: Browser, page_address: str
) -> None:
    moment = (datetime.now(UTC) - timedelta(seconds=40)).strftime("%Y-%m-%dT%H:%M:%SZ")

    with watched_page(whole_browser, 1440) as (page, complaints):
        page.goto(f"{page_address}/playback?device=GATE&at={moment}")
        page.get_by_role("button", name="Play", exact=True).click()
        recorded = pictures_of_a_second(page)
        page.goto(f"{page_address}/device?device=GATE&picture=video")
        lively = pictures_of_a_second(page)

        assert recorded > 0
        assert lively > 0
        assert complaints.messages == []


def pictures_of_a_second(page: Page) -> int:
    """How many pictures the video has shown once it has run for a second."""
    read = "v => [v.readyState, v.currentTime, v.getVideoPlaybackQuality().totalVideoFrames]"
    video = page.locator("video").first
    expect(video).to_be_attached()
    began = eventually(lambda: state if (state := video.evaluate(read))[0] >= 3 else None, 30, "video that can play")
    ran = eventually(lambda: state if (state := video.evaluate(read))[1] >= began[1] + 1 else None, 30, "a second")
    return int(ran[2])


def test_how_much_the_time_bar_shows_is_in_the_address(desk: Page, page_address: str) -> None:
    visit(desk, f"{page_address}/wall?reach=90d")
    expect(desk.get_by_role("group", name="Time bar shows 90 d")).to_be_visible()
    expect(desk.get_by_role("button", name="Farther")).to_be_disabled()
    desk.keyboard.press("+")
    expect(desk.get_by_role("group", name="Time bar shows 30 d")).to_be_visible()

    assert desk.url.endswith("reach=30d")
