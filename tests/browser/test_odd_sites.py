"""Odd names, clocks and numbers spoil no view: nothing runs out of its place, and a good neighbour is shown as ever."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from gateway.static_files import STATIC
from tests.browser.browser_tab import Complaints, visit, watched_page
from tests.browser.odd_sites import CONFIGURED, NOW, happened, pictures
from tests.browser.reviewed import banned_words, wider_than_the_window
from tests.builders import tick
from tests.data_directory import hub_of
from tests.integration.gateway.started import Filled, Started

pytestmark = pytest.mark.browser

VIDEO = re.compile("/(live|hls)/|ERR_FAILED")

VIEWS = (
    "/wall?site=ODD",
    "/timeline?site=ODD",
    "/timeline?site=CHATHAM",
    "/alerts?site=ODD",
    "/alerts?site=ODD&tab=incidents",
    "/dashboard?site=ODD",
    "/playback?site=ODD&device=arabic,persian,hebrew,thai,emoji,long,unbroken,markup,plain",
    "/device?site=ODD&device=unbroken",
    "/device?site=ODD&device=arabic",
    "/settings?site=ODD",
    "/system?site=ODD",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("odd")
    with Filled(directory, CONFIGURED, hub=hub_of(directory)) as filled:
        filled.append(*happened()).store(*pictures()).append(tick(NOW)).fold()
        with Started(filled.hub, clock=lambda: NOW, page=STATIC) as started:
            yield started.url


@pytest.fixture(scope="module", params=[1440, 390, 320], ids=["desk", "phone", "four times as large"])
def tab(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, Complaints]]:
    with watched_page(browser, request.param) as (page, complaints):
        page.clock.install(time=NOW)
        # No agent stands behind these cameras, which sends live video or has recorded any.
        page.route(re.compile("/(live|hls)/"), lambda route: route.abort())
        yield page, complaints


@pytest.fixture
def page(tab: tuple[Page, Complaints]) -> Iterator[Page]:
    page, complaints = tab
    complaints.messages.clear()
    yield page
    assert [one for one in complaints.messages if not VIDEO.search(one)] == []


def test_no_name_and_no_number_makes_a_view_wider_than_its_window(page: Page, address: str) -> None:
    found: dict[str, list[str]] = {}
    for view in VIEWS:
        visit(page, address + view)
        expect(page.locator("main h1, main h2").first, view).to_be_visible()
        # Of a long wall, what is out of sight is not asked for.
        expect(page.locator("main [aria-busy=true]:not(li *)"), view).to_have_count(0)
        found[view] = wider_than_the_window(page) + banned_words(page)

    assert {view: wrong for view, wrong in found.items() if wrong} == {}


def test_the_first_minutes_of_a_year_are_today_and_those_before_yesterday(page: Page, address: str) -> None:
    visit(page, f"{address}/timeline?site=ODD")
    expect(page.get_by_role("heading", name=re.compile("^Today 00:"))).to_be_visible()
    visit(page, f"{address}/timeline?site=ODD&at=2026-12-31T22:10:00Z")
    expect(page.get_by_role("heading", name="Yesterday 23:10")).to_be_visible()
    visit(page, f"{address}/timeline?site=CHATHAM&at=2026-12-31T22:10:00Z")
    expect(page.get_by_role("heading", name="Today 11:55")).to_be_visible()


def test_a_device_that_was_retired_is_found_where_a_link_leads_to_it(page: Page, address: str) -> None:
    visit(page, f"{address}/device?site=ODD&device=gone")
    expect(page.locator("main")).to_contain_text("Retired at noon was retired")
    page.get_by_role("link", name="As it was then").click()
    expect(page.get_by_role("heading", name="Retired at noon")).to_be_visible()
    expect(page.get_by_label("Device", exact=True).locator("option:checked")).to_have_text("Retired at noon")

    then = page.url.partition("?")[2]
    visit(page, f"{address}/playback?{then}")
    expect(page.get_by_role("group", name="Retired at noon")).to_be_visible()
    visit(page, f"{address}/playback?site=ODD&device=gone")
    expect(page.locator("main")).to_contain_text("Retired at noon was not watched at this moment")


def test_a_day_of_years_ago_is_said_to_be_so_also_while_it_loads(page: Page, address: str) -> None:
    waiting: list[Route] = []
    asked = "**/api/v1/timeline/ODD?date=*"
    page.route(asked, lambda route: waiting.append(route))
    with page.expect_request(asked):
        visit(page, f"{address}/timeline?site=ODD&at=2020-01-01T00:00:00Z")
    expect(page.get_by_role("region", name="Minute")).to_contain_text("Wed 1 Jan 2020 01:00 2556 d ago")
    waiting.pop().continue_()
    expect(page.get_by_role("region", name="Minute")).to_contain_text("No pictures of 01:00")
    expect(page.get_by_role("region", name="Minute")).to_contain_text("Wed 1 Jan 2020 01:00 2556 d ago")
