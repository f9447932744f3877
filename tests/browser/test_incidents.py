"""Incidents on a phone: an operator finds a fault, sees why, says what it was, and is alerted no more for a while."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import scripted_product
from tests.browser.browser_tab import Complaints, visit, watched_page
from tests.browser.film import send_event, send_medium, thumbnail
from tests.browser.scripted_product import ScriptedProduct
from tests.builders import SITE, frame, media
from tests.eventually import eventually

pytestmark = pytest.mark.browser

CAMERA = "DOME"
WITHIN_S = 60


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedProduct]:
    """Its own, for other tests count the alerts of theirs."""
    with scripted_product.start_scripted(tmp_path_factory.mktemp("incidents")) as own:
        yield own


@pytest.fixture(scope="module")
def fault(scripted: ScriptedProduct) -> datetime:
    """A camera was black for 32 seconds, three minutes ago."""
    begin = datetime.now(UTC) - timedelta(minutes=3)
    for second in range(0, 44, 2):
        send_event(scripted, frame(begin + timedelta(seconds=second), blackscreen=second < 33, device=CAMERA))
        if second in (0, 16, 32):
            picture = thumbnail(second * 4)
            send_medium(scripted, media(begin + timedelta(seconds=second), picture, device=CAMERA), picture)
    eventually(lambda: found(scripted), 30, "the incident")
    for path in (
        "annotations",
        "dashboard/DEMO",
        "timeline/DEMO",
        f"sites/{SITE}/devices",
        f"sites/{SITE}/devices/{CAMERA}/motion",
    ):
        eventually(partial(answers, scripted, path), 60, f"the view of {path}")
    return begin


def answers(scripted: ScriptedProduct, path: str) -> bool:
    return scripted.client.get(f"/api/v1/{path}").status_code == httpx.codes.OK


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[tuple[Page, Complaints]]:
    with watched_page(browser, 390, "light") as opened:
        yield opened


@pytest.fixture
def phone(tab: tuple[Page, Complaints]) -> Iterator[Page]:
    """The same tab for all of them."""
    phone, complaints = tab
    complaints.messages.clear()
    yield phone
    assert complaints.messages == []


def found(scripted: ScriptedProduct, **asked: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = scripted.get(
        "/api/v1/incidents", site=SITE, device=CAMERA, state="closed", **asked
    )["incidents"]
    return rows


def incidents(page: Page) -> Locator:
    return page.get_by_role("region", name="Incidents", exact=True)


def test_an_operator_finds_a_fault_sees_why_says_what_it_was_and_closes_it_within_a_minute(
    phone: Page, scripted: ScriptedProduct, fault: datetime
) -> None:
    visit(phone, f"{scripted.address}/wall")
    began = monotonic()

    phone.get_by_role("link", name="Alerts").click()
    phone.get_by_role("link", name="Incidents", exact=True).click()
    phone.get_by_label("Type", exact=True).select_option(label="Picture black")
    incidents(phone).get_by_role("link").first.click()
    why = phone.get_by_role("complementary", name="Incident")
    expect(why).to_contain_text("At least 80 % of the frames of 30 s were black.")
    expect(why).to_contain_text("100 % of the pictures of 30 s were black")
    expect(why.get_by_alt_text("First picture")).to_be_visible()
    why.get_by_label("Your name").fill("Mara")
    why.get_by_label("Comment", exact=True).fill("The lens was covered")
    why.get_by_role("button", name="Discard").click()
    expect(why.get_by_label("What people said")).to_contain_text("The lens was covered")
    why.get_by_role("link", name="Close").click()
    expect(incidents(phone).get_by_role("listitem").first).to_contain_text("Discarded")

    assert monotonic() - began < WITHIN_S
    [discarded] = found(scripted, review="discarded")
    assert discarded["review"]["reason"] == "The lens was covered"  # type: ignore[index]  # an answer in JSON
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_many_incidents_are_reviewed_at_once_and_that_is_undone(
    phone: Page, scripted: ScriptedProduct, fault: datetime
) -> None:
    visit(phone, f"{scripted.address}/alerts?tab=incidents&device={CAMERA}")
    phone.get_by_label("Choose all").check()
    chosen = phone.get_by_role("region", name="Chosen incidents")
    chosen.get_by_label("Your name").fill("Mara")
    chosen.get_by_role("button", name="Reviewed", exact=True).click()
    expect(chosen.get_by_role("status")).to_contain_text("1 incident reviewed")
    assert len(found(scripted, review="reviewed")) == 1

    chosen.get_by_role("button", name="Undo").click()
    expect(chosen.get_by_role("status")).to_have_count(0)
    assert found(scripted, review="reviewed") == []


def test_a_device_says_for_a_moment_why_nobody_was_alerted(
    phone: Page, scripted: ScriptedProduct, fault: datetime
) -> None:
    visit(phone, f"{scripted.address}/device?device={CAMERA}")
    phone.get_by_role("button", name="Explain this moment").click()

    panel = phone.get_by_role("region", name="Why no alert")
    expect(panel.get_by_role("listitem").filter(has_text="Picture black")).to_contain_text("No picture could be judged")
    expect(panel.get_by_role("listitem").filter(has_text="Clock wrong")).to_contain_text("No incident")


def test_a_camera_is_muted_for_an_hour_and_heard_again(phone: Page, scripted: ScriptedProduct, fault: datetime) -> None:
    visit(phone, f"{scripted.address}/device?device={CAMERA}")
    phone.get_by_role("region", name="Incidents and alerts").get_by_role("button", name="Mute …").click()
    form = phone.get_by_role("form", name="Mute")
    form.get_by_label("Why").fill("The lens is cleaned")
    form.get_by_label("Your name").fill("Mara")
    form.get_by_role("button", name="Mute").click()
    muted = phone.get_by_role("region", name="Muted")
    expect(muted).to_contain_text("The lens is cleaned · Mara")

    muted.get_by_role("button", name="End …").click()
    muted.get_by_placeholder("Why it ends").fill("It is clean")
    muted.get_by_role("button", name="End", exact=True).click()
    expect(muted).to_have_count(0)
    [mute] = scripted.get("/api/v1/mutes", site=SITE)["mutes"]
    assert (mute["over"], mute["ended_by"]) == (True, "Mara")


NONSENSE = (
    "/wall?layout=zzz&group=constructor&columns=-1&reach=zzz&at=yesterday",
    f"/device?device={CAMERA}&picture=zzz&span=constructor&per=toString&value=-1&edit=zzz&load=zzz",
    "/device?device=..%2F..%2Fetc&at=0001-01-01T00:00:00Z",
    "/timeline?show=zzz&thermal=zzz&freeze=a/b&range=zzz",
    f"/playback?device={CAMERA},{CAMERA},nowhere&range=2026/2025&overlay=zzz",
    "/dashboard?date=2026-13-99",
    "/alerts?tab=zzz&level=zzz&show=zzz&device=nowhere",
    "/alerts?tab=incidents&zone=%C3%96l,%20oben&review=zzz&days=-1&mute=a%20b&suppressed=x&type=__proto__",
    "/alerts?alert=zzz",
    "/alerts?alert=zzz&at=2026-01-05T10:00:00Z",
    "/alerts?tab=incidents&incident=zzz",
    "/alerts?tab=incidents&incident=zzz&at=2026-01-05T10:00:00Z",
    "/alerts?tab=rules&span=zzz&found=zzz&trial=a/b",
    "/system?utm_source=mail",
    "/settings?at=1900-01-01T00:00:00Z&date=1",
)


def test_an_address_that_says_nonsense_shows_its_view(phone: Page, scripted: ScriptedProduct, fault: datetime) -> None:
    for address in NONSENSE:
        visit(phone, scripted.address + address)
        expect(phone.locator("main h1"), address).to_have_count(1)
        expect(phone.locator("main [aria-busy=true]"), address).to_have_count(0)
        expect(phone.locator("main [role=alert]"), address).to_have_count(0)


def test_a_view_that_fails_leaves_the_others(browser: Browser, scripted: ScriptedProduct, fault: datetime) -> None:
    asked = re.compile(r"/api/v1/incidents\?.*limit=200")
    with watched_page(browser, 1280) as (page, _):
        page.route(asked, lambda route: route.fulfill(json={"incidents": 5}))
        page.goto(f"{scripted.address}/alerts?tab=incidents")
        expect(page.get_by_role("alert")).to_contain_text("Alerts failed")
        page.get_by_role("link", name="Wall").click()
        expect(page.get_by_role("heading", name="Wall")).to_be_visible()

        page.unroute(asked)
        page.go_back()
        expect(incidents(page).get_by_role("listitem").first).to_be_visible()
