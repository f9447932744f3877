"""A view is rebuilt from the page: asked for, confirmed, shown."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.browser_tab import Complaints, visit, watched_page
from tests.browser.scripted_product import ScriptedProduct

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[tuple[Page, Complaints]]:
    with watched_page(browser, 1440) as opened:
        yield opened


@pytest.fixture
def page(tab: tuple[Page, Complaints], scripted: ScriptedProduct) -> Iterator[Page]:
    page, complaints = tab
    complaints.messages.clear()
    visit(page, f"{scripted.address}/system")
    yield page
    assert complaints.messages == []


def test_a_rebuild_is_confirmed_and_ends_with_success(page: Page, scripted: ScriptedProduct) -> None:
    page.get_by_role("button", name="Rebuild alerting").click()
    asked = page.get_by_role("group", name="Rebuild alerting?")
    expect(asked).to_contain_text("answers until the new one takes its place")
    asked.get_by_role("button", name="Rebuild").click()

    consumers = page.get_by_role("region", name="Consumers")
    expect(consumers).to_contain_text("Alerting is rebuilt", timeout=60_000)
    expect(page.get_by_role("button", name="Rebuild alerting")).to_be_enabled()
    commands = scripted.get("/api/v1/events", type="command", order="desc", limit=2)["events"]
    assert [row["event"]["data"]["state"] for row in commands] == ["done", "asked"]


def test_rows_are_rebuilt_too(page: Page, scripted: ScriptedProduct) -> None:
    page.get_by_role("button", name="Rebuild warehouse").click()
    page.get_by_role("group", name="Rebuild warehouse?").get_by_role("button", name="Rebuild").click()

    expect(page.get_by_role("region", name="Consumers")).to_contain_text("Warehouse is rebuilt", timeout=60_000)


def test_nothing_is_rebuilt_without_a_confirmation(page: Page, scripted: ScriptedProduct) -> None:
    head = scripted.get("/api/v1/events", type="command", order="desc", limit=1)["events"]

    page.get_by_role("button", name="Rebuild alerting").click()
    expect(page.get_by_role("group", name="Rebuild alerting?").get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.get_by_role("group", name="Rebuild alerting?")).to_have_count(0)
    expect(page.get_by_role("button", name="Rebuild alerting")).to_be_focused()
    assert scripted.get("/api/v1/events", type="command", order="desc", limit=1)["events"] == head


def test_what_hands_events_on_is_not_offered_to_be_rebuilt(page: Page) -> None:
    row = page.get_by_role("row").filter(has_text=re.compile("^Webhook"))

    expect(row).to_contain_text("Never rebuilt")
    expect(row.get_by_role("button")).to_have_count(0)
