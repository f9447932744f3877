"""A view is folded again from the page: asked for, confirmed, told of."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.told import Told
from tests.browser.watched import watched_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def page(browser: Browser, told: Told) -> Iterator[Page]:
    with watched_page(browser, 1440) as (page, complaints):
        page.goto(f"{told.address}/system")
        yield page
        assert complaints.heard == []


def test_a_rebuild_is_confirmed_and_ends_with_success(page: Page, told: Told) -> None:
    page.get_by_role("button", name="Rebuild alerting").click()
    asked = page.get_by_role("group", name="Rebuild alerting?")
    expect(asked).to_contain_text("answers until the new one takes its place")
    asked.get_by_role("button", name="Rebuild").click()

    consumers = page.get_by_role("region", name="Consumers")
    expect(consumers).to_contain_text("alerting is folded again", timeout=60_000)
    expect(page.get_by_role("button", name="Rebuild alerting")).to_be_enabled()
    commands = told.get("/api/v1/events", type="command", order="desc", limit=2)["events"]
    assert [row["event"]["data"]["state"] for row in commands] == ["done", "asked"]


def test_rows_are_folded_again_too(page: Page, told: Told) -> None:
    page.get_by_role("button", name="Rebuild warehouse").click()
    page.get_by_role("group", name="Rebuild warehouse?").get_by_role("button", name="Rebuild").click()

    expect(page.get_by_role("region", name="Consumers")).to_contain_text("warehouse is folded again", timeout=60_000)


def test_nothing_is_folded_again_without_a_confirmation(page: Page, told: Told) -> None:
    head = told.get("/api/v1/events", type="command", order="desc", limit=1)["events"]

    page.get_by_role("button", name="Rebuild alerting").click()
    expect(page.get_by_role("group", name="Rebuild alerting?").get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.get_by_role("group", name="Rebuild alerting?")).to_have_count(0)
    expect(page.get_by_role("button", name="Rebuild alerting")).to_be_focused()
    assert told.get("/api/v1/events", type="command", order="desc", limit=1)["events"] == head


def test_a_sink_is_not_offered_to_be_folded_again(page: Page) -> None:
    row = page.get_by_role("row").filter(has_text=re.compile("^webhook"))

    expect(row).to_contain_text("A sink is never rebuilt")
    expect(row.get_by_role("button")).to_have_count(0)
