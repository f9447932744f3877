"""Other rules are tried on the past from the page, and the difference is seen."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.browser_tab import Complaints, visit, watched_page
from tests.browser.scripted_product import KILN, Day, ScriptedProduct
from tests.eventually import eventually

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tab(browser: Browser, scripted: ScriptedProduct, day: Day) -> Iterator[tuple[Page, Complaints]]:
    eventually(lambda: scripted.alerts("closed"), 20, "an alert that is over")
    with watched_page(browser, 1440) as opened:
        yield opened


@pytest.fixture
def opened(tab: tuple[Page, Complaints], scripted: ScriptedProduct) -> Iterator[tuple[Page, Complaints]]:
    """Rules, of the hour up to now."""
    page, complaints = tab
    complaints.messages.clear()
    visit(page, f"{scripted.address}/alerts?tab=rules&span=1h")
    yield page, complaints
    assert complaints.messages == []


@pytest.fixture
def page(opened: tuple[Page, Complaints]) -> Page:
    return opened[0]


def to_try(page: Page, rule: str, value: str) -> None:
    page.get_by_role("textbox", name=re.compile(f"^{rule} to try")).fill(value)


def test_a_trial_shows_what_would_not_have_been_raised(page: Page) -> None:
    to_try(page, "Hot spot", "99")
    page.get_by_role("button", name="Try on the past").click()

    result = page.get_by_role("region", name="Result of the trial")
    expect(result.get_by_role("button", name="Only live 1")).to_be_visible(timeout=60_000)
    row = result.get_by_role("row").filter(has_text=KILN)
    expect(row).to_contain_text("Only live")
    expect(row).to_contain_text("Hot spot")
    expect(page).to_have_url(re.compile(r"[?&]trial="))


def test_a_trial_shows_what_would_have_been_raised_too_and_leads_to_its_moment(opened: tuple[Page, Complaints]) -> None:
    page, complaints = opened
    to_try(page, "Hot spot", "75")
    page.get_by_role("button", name="Try on the past").click()

    result = page.get_by_role("region", name="Result of the trial")
    expect(result.get_by_role("button", name="Only in the trial 1")).to_be_visible(timeout=60_000)
    expect(result.get_by_role("button", name="In both 1")).to_be_visible()
    result.get_by_role("button", name="Only in the trial 1").click()
    result.get_by_role("row").filter(has_text=KILN).get_by_role("link", name="That moment").click()

    expect(page.get_by_text("Not live", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(rf"/device\?.*device={KILN}"))
    # What the kiln told of came ten minutes late: at its moment nobody had heard of the kiln, and the page says so.
    expect(page.get_by_text(f"{KILN} was not known yet at this moment")).to_be_visible()
    assert all(f"/devices/{KILN}" in one for one in complaints.messages if one.startswith("response"))
    complaints.messages.clear()


def test_a_value_out_of_its_bounds_is_refused_before_it_is_sent(page: Page) -> None:
    to_try(page, "Share of bad pictures", "7")

    expect(page.get_by_text("From 0.01 to 1", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Try on the past")).to_be_disabled()


def test_a_trial_that_is_deleted_is_gone(page: Page, scripted: ScriptedProduct) -> None:
    trials = page.get_by_role("region", name="Trials")
    eventually(lambda: scripted.get("/api/v1/trials")["trials"], 30, "the trials of before")
    expect(trials.get_by_role("listitem")).not_to_have_count(0)
    before = trials.get_by_role("listitem").count()

    trials.get_by_role("button", name=re.compile("^Delete the trial")).first.click()

    expect(trials.get_by_role("listitem")).to_have_count(before - 1)
