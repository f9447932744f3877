"""The hub is restarted under open pages: each says since when it is old, and goes on by itself with what was typed."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.browser_tab import Complaints, watched_page
from tests.browser.film import send_event, send_medium, thumbnail
from tests.browser.scripted_product import CONFIG, ScriptedProduct
from tests.builders import SITE, frame, media
from tests.eventually import eventually
from tests.forked import Forked
from tests.loopback import NO_TLS
from tests.product import Product

pytestmark = pytest.mark.browser

CAMERA = "DOME"
BACK_WITHIN_MS = 60_000
VIEWS = {
    "/wall": "",
    f"/device?device={CAMERA}": "",
    "/timeline": "",
    f"/playback?device={CAMERA}": "",
    "/dashboard": "",
    "/alerts?alert=ALERT": "Comment",
    "/alerts?tab=incidents&incident=INCIDENT": "Comment",
    "/alerts?tab=rules": "",
    "/system": "",
    "/settings": "",
}
"""With the field where something is typed."""


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedProduct]:
    """At one port, where it comes back."""
    directory = tmp_path_factory.mktemp("restarted")
    config = directory / "watchpost.yaml"
    config.write_text(CONFIG)
    product = Product(directory / "data", ["--config", str(config)], start=Forked)
    try:
        address = product.start()
        # One that was free before the start may be taken by a neighbour of this test until the gateway binds it.
        product.arguments += ["--port", address.rpartition(":")[2]]
        with httpx.Client(base_url=address, timeout=20, verify=NO_TLS) as client:
            scripted = ScriptedProduct(product, client)
            _black(scripted)
            yield scripted
    finally:
        product.end()


def _black(scripted: ScriptedProduct) -> None:
    """A camera that has been black for a minute, and is."""
    begin = datetime.now(UTC) - timedelta(minutes=1)
    for second in range(0, 56, 2):
        send_event(scripted, frame(begin + timedelta(seconds=second), blackscreen=True, device=CAMERA))
    picture = thumbnail(4)
    send_medium(scripted, media(begin + timedelta(seconds=54), picture, device=CAMERA), picture)
    eventually(lambda: _first(scripted, "alerts"), 60, "the alert")
    for path in (f"sites/{SITE}/devices", f"timeline/{SITE}", f"dashboard/{SITE}", "annotations"):
        eventually(partial(_answers, scripted, path), 60, f"the view of {path}")
    eventually(lambda: scripted.get(f"/api/v1/sites/{SITE}/devices")["devices"], 60, "the device")


def _answers(scripted: ScriptedProduct, path: str) -> bool:
    return scripted.client.get(f"/api/v1/{path}").status_code == httpx.codes.OK


def is_live(page: Page) -> Locator:
    return page.get_by_role("status").filter(has_text=re.compile(r"^\s*Live\b"))


def _first(scripted: ScriptedProduct, what: str) -> str:
    answer = scripted.client.get(f"/api/v1/{what}", params={"site": SITE, "device": CAMERA, "state": "open"})
    found = answer.json()[what] if answer.status_code == httpx.codes.OK else []
    return str(found[0]["id"]) if found else ""


@pytest.fixture(scope="module")
def opened(browser: Browser, scripted: ScriptedProduct) -> Iterator[dict[str, tuple[Page, Complaints]]]:
    ids = {what.upper()[:-1]: _first(scripted, what) for what in ("alerts", "incidents")}
    with ExitStack() as stack:
        pages = {}
        for path, field in VIEWS.items():
            page, complaints = stack.enter_context(watched_page(browser, 1440))
            address = path.replace("=ALERT", f"={ids['ALERT']}").replace("=INCIDENT", f"={ids['INCIDENT']}")
            page.goto(scripted.address + address)
            expect(is_live(page), path).to_be_visible(timeout=BACK_WITHIN_MS)
            expect(page.locator("main [aria-busy=true]")).to_have_count(0)
            if field:
                page.get_by_label(field, exact=True).fill("half a sen")
            pages[path] = page, complaints
        yield pages


def test_every_view_says_that_it_is_old_and_comes_back_with_what_was_typed(
    opened: dict[str, tuple[Page, Complaints]], scripted: ScriptedProduct
) -> None:
    scripted.product.stop()
    for path, (page, _) in opened.items():
        expect(page.get_by_role("alert").filter(has_text="Reconnecting since"), path).to_be_visible()
        expect(is_live(page), path).to_have_count(0)
        expect(page.get_by_role("region", name="Time").get_by_text("Stale"), path).to_be_visible()
    scripted.product.start()

    for path, (page, complaints) in opened.items():
        expect(is_live(page), path).to_be_visible(timeout=BACK_WITHIN_MS)
        expect(page.get_by_role("alert").filter(has_text="Reconnecting since"), path).to_have_count(0)
        expect(page.locator("main [aria-busy=true]"), path).to_have_count(0)
        expect(page.locator("main .stale"), path).to_have_count(0, timeout=BACK_WITHIN_MS)
        if VIEWS[path]:
            expect(page.get_by_label(VIEWS[path], exact=True), path).to_have_value("half a sen")
        assert not [one for one in complaints.messages if one.startswith("error:")], path
