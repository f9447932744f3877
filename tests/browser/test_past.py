"""The page's clock: every view shows the moment of the time bar, says so, and returns to now."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.browser_tab import Complaints, visit, watched_page
from tests.browser.scripted_product import KILN, Day, ScriptedProduct
from tests.builders import SITE, detection

pytestmark = pytest.mark.browser

TEN_MINUTES_MS = 600_000


@pytest.fixture(scope="module")
def tab(browser: Browser, day: Day) -> Iterator[tuple[Page, Complaints]]:
    with watched_page(browser, 1440) as opened:
        yield opened


@pytest.fixture
def page(tab: tuple[Page, Complaints]) -> Iterator[Page]:
    """The same tab for all of them."""
    page, complaints = tab
    complaints.messages.clear()
    yield page
    assert complaints.messages == []


def moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def kiln(page: Page) -> Locator:
    return page.locator("main li").filter(has_text=KILN)


def sign(page: Page) -> Locator:
    return page.get_by_text("Not live", exact=True)


def open_alerts(page: Page) -> Locator:
    return page.get_by_role("region", name="Open alerts")


def test_the_wall_shows_what_was_wrong_then(page: Page, scripted: ScriptedProduct, day: Day) -> None:
    visit(page, f"{scripted.address}/wall?at={moment(day.hot)}")

    expect(kiln(page)).to_contain_text("Hot spot")
    expect(sign(page)).to_be_visible()
    expect(page.get_by_role("link", name="Alerts 1 not acknowledged")).to_be_visible()


def test_a_key_returns_to_live(page: Page, scripted: ScriptedProduct, day: Day) -> None:
    visit(page, f"{scripted.address}/wall?at={moment(day.hot)}")
    expect(kiln(page)).to_contain_text("Hot spot")

    page.keyboard.press("n")

    expect(sign(page)).to_have_count(0)
    expect(kiln(page)).not_to_contain_text("Hot spot")
    assert "at=" not in page.url


def test_a_button_returns_to_live(page: Page, scripted: ScriptedProduct, day: Day) -> None:
    visit(page, f"{scripted.address}/wall?at={moment(day.hot)}")

    page.get_by_role("button", name="Back to now").click()

    expect(sign(page)).to_have_count(0)
    expect(kiln(page)).not_to_contain_text("Hot spot")


def test_alerts_are_those_that_were_open_then_and_cannot_be_acknowledged(
    page: Page, scripted: ScriptedProduct, day: Day
) -> None:
    visit(page, f"{scripted.address}/alerts?at={moment(day.hot)}")
    open_alerts(page).get_by_role("link").click()

    expect(open_alerts(page)).to_contain_text("1 alert")
    why = page.get_by_role("complementary", name="Why")
    expect(why).to_contain_text("Not acknowledged at this moment")
    expect(why.get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_an_alert_that_is_over_is_history_now(page: Page, scripted: ScriptedProduct, day: Day) -> None:
    visit(page, f"{scripted.address}/alerts")

    expect(open_alerts(page)).to_contain_text("Nothing is wrong")
    expect(page.get_by_role("region", name="History")).to_contain_text("Acknowledged by Mara")


def test_what_had_not_happened_yet_is_not_shown(page: Page, scripted: ScriptedProduct, day: Day) -> None:
    (alert,) = scripted.alerts("closed")

    visit(page, f"{scripted.address}/alerts?at={moment(day.calm)}&alert={alert['id']}")

    expect(open_alerts(page)).to_contain_text("Nothing was wrong at this moment")
    expect(page.get_by_role("region", name="History")).to_contain_text("No alert had been cleared yet")


def test_a_device_is_as_it_was(page: Page, scripted: ScriptedProduct, day: Day) -> None:
    visit(page, f"{scripted.address}/device?device={KILN}&at={moment(day.hot)}")

    expect(page.get_by_role("region", name="Incidents and alerts")).to_contain_text(re.compile(r"Hot spot\s*open"))
    expect(page.get_by_role("region", name="Settings")).to_contain_text("sensitivity 40")
    expect(page.get_by_role("button", name="Snapshot")).to_be_disabled()


def test_settings_are_those_that_were_in_force_and_cannot_be_changed(
    page: Page, scripted: ScriptedProduct, day: Day
) -> None:
    visit(page, f"{scripted.address}/settings?at={moment(day.hot)}")

    row = page.get_by_role("row").filter(has_text=KILN)
    expect(row).to_contain_text("40")
    expect(row).to_contain_text("in force then")
    expect(row.get_by_role("slider")).to_be_disabled()
    page.keyboard.press("n")
    expect(row).to_contain_text("60")
    expect(row.get_by_role("button", name="Save")).to_be_visible()


def test_a_device_that_was_not_there_yet_is_said_to_be_so(page: Page, scripted: ScriptedProduct, day: Day) -> None:
    began = datetime.fromisoformat(scripted.get("/api/v1/system")["started"])

    page.goto(f"{scripted.address}/device?device={KILN}&at={moment(began)}")

    expect(page.get_by_text(f"{KILN} was not known yet at this moment")).to_be_visible()


def test_dragging_the_handle_back_shows_that_moment_and_its_link_shows_the_same(
    browser: Browser, page: Page, scripted: ScriptedProduct, day: Day
) -> None:
    visit(page, f"{scripted.address}/wall")
    expect(kiln(page)).to_be_visible()
    for _ in range(3):
        page.keyboard.press("+")
    expect(page.get_by_role("group", name="Time bar shows 10 min")).to_be_visible()

    drag_to(page, day.hot)

    expect(page).to_have_url(re.compile(r"[?&]at="))
    expect(sign(page)).to_be_visible()
    expect(kiln(page)).to_contain_text("Hot spot")
    with watched_page(browser, 390, "light") as (other, complaints):
        other.goto(page.url)
        expect(kiln(other)).to_contain_text("Hot spot")
        expect(sign(other)).to_be_visible()
        assert complaints.messages == []


def drag_to(page: Page, at: datetime) -> None:
    handle = page.get_by_role("slider", name="Moment shown").bounding_box()
    track = page.locator("section[aria-label=Time] .track").bounding_box()
    assert handle is not None
    assert track is not None
    back = (page.evaluate("Date.now()") - at.timestamp() * 1000) / TEN_MINUTES_MS * track["width"]
    y = handle["y"] + handle["height"] / 2
    x = handle["x"] + handle["width"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - back - 60, y, steps=8)
    page.mouse.move(x - back, y, steps=8)
    page.mouse.up()


def test_what_happens_now_does_not_reach_a_page_that_stands_in_the_past(
    browser: Browser, page: Page, scripted: ScriptedProduct, day: Day
) -> None:
    page.goto(f"{scripted.address}/wall?at={moment(day.calm)}")
    expect(kiln(page)).to_be_visible()
    before = kiln(page).inner_text()

    with watched_page(browser, 1440) as (present, _):
        present.goto(f"{scripted.address}/wall")
        expect(present.get_by_text("Live", exact=True)).to_be_visible()
        expect(page.get_by_text("Connected", exact=True)).to_be_visible()
        scripted.publish(detection(day.over, people_count=7, device=KILN))
        expect(kiln(present)).to_contain_text("7 people")

    assert kiln(page).inner_text() == before


def test_the_dashboard_shows_the_day_of_the_moment(page: Page, scripted: ScriptedProduct, day: Day) -> None:
    visit(page, f"{scripted.address}/dashboard?at=2026-01-05T10:00:00Z&site={SITE}")

    expect(page.get_by_label("Date")).to_have_value("2026-01-05")
