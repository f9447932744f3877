"""Signing in and out in a browser, on a phone and on a desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from gateway.static_files import STATIC
from tests import builders
from tests.integration.gateway.started import Filled, Started

TOKEN = "correct-horse-battery"

pytestmark = pytest.mark.browser


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Started]:
    with Filled(tmp_path) as filled:
        filled.append(builders.health(), builders.tick(builders.at(1))).fold()
        with Started(filled.hub, token=TOKEN, page=STATIC) as started:
            yield started


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
def test_who_is_not_signed_in_is_asked_to_and_sees_no_fault(
    guarded: Started, browser: Browser, width: int, height: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(guarded.url)
    expect(page.get_by_role("heading", name="Sign in to Watchpost")).to_be_visible()
    expect(page).to_have_title("Sign in · Watchpost")
    assert page.inner_text("body").split("\n") == ["Sign in to Watchpost", "Access token", "Sign in"]

    field, button = page.get_by_label("Access token"), page.get_by_role("button", name="Sign in")
    field.fill("wrong")
    button.click()
    expect(page.get_by_role("alert")).to_have_text("This token is not the right one")
    field.fill(TOKEN)
    button.click()
    expect(page.get_by_role("main")).to_contain_text("Yard")

    # A session that ends takes nothing with it of what somebody was about to say.
    page.goto(f"{guarded.url}/alerts?tab=incidents")
    page.get_by_role("button", name="Mute …").click()
    form = page.get_by_role("form", name="Mute")
    form.get_by_label("Why").fill("The lens is cleaned")
    form.get_by_label("Your name").fill("Mara")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    form.get_by_role("button", name="Mute").click()
    expect(page.get_by_role("heading", name="Sign in to Watchpost")).to_be_visible()
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Sign in to Watchpost")).to_have_count(0)
    expect(form.get_by_label("Why")).to_have_value("The lens is cleaned")
    assert page.context.cookies() != cookies

    page.goto(f"{guarded.url}/settings")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Watchpost")).to_be_visible(timeout=20_000)
    page.close()
