"""Each fault that the demo site draws is red in its minutes, and is found, explained and closed on a phone."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from bus_schemas.event import Event
from tests.browser import scripted_product
from tests.browser.browser_tab import Complaints, visit, watched_page
from tests.browser.film import send_event, send_medium, thumbnail
from tests.browser.scripted_product import ScriptedProduct
from tests.builders import SITE, frame, media, thermal
from tests.eventually import eventually

pytestmark = pytest.mark.browser

WITHIN_S = 60
FAULTS: Final[Mapping[str, str]] = {
    "blackscreen": "Picture black",
    "freeze": "Picture frozen",
    "corrupt_rows": "Picture smeared",
    "macroblocks": "Picture in blocks",
    "audio_loss": "No sound",
    "hot_spot": "Hot spot",
}
"""Types, with the user's words. A camera that is silent is offline, which other tests wait for."""


@pytest.fixture(scope="module")
def begin(scripted: ScriptedProduct) -> datetime:
    """When each device had its own fault for half a minute: three minutes ago."""
    begin = (datetime.now(UTC) - timedelta(minutes=3)).replace(second=5, microsecond=0)
    for fault in FAULTS:
        # Heat is over once it was cool for half a minute.
        bad_s, said_s = (6, 48) if fault == "hot_spot" else (33, 45)
        for second in range(0, said_s, 3):
            send_event(scripted, said(fault, begin + timedelta(seconds=second), is_bad=second <= bad_s))
        picture = thumbnail(60)
        send_medium(scripted, media(begin + timedelta(seconds=16), picture, device=fault), picture)
    for fault in FAULTS:
        eventually(partial(found, scripted, fault), 60, f"the incident of {fault}")
    return begin


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedProduct]:
    with scripted_product.start_scripted(tmp_path_factory.mktemp("faults")) as own:
        yield own


def said(fault: str, at: datetime, *, is_bad: bool) -> Event:
    """What the device of a fault says then."""
    if fault == "hot_spot":
        return thermal(at, hottest=97.0 if is_bad else 40.0, device=fault)
    value = not is_bad if fault == "audio_loss" else is_bad
    return frame(at, device=fault, **{"audio" if fault == "audio_loss" else fault: value})


def found(scripted: ScriptedProduct, fault: str) -> list[dict[str, object]]:
    asked = {"site": SITE, "device": fault, "type": fault, "state": "closed"}
    answer = scripted.client.get("/api/v1/incidents", params=asked)
    rows: list[dict[str, object]] = answer.json()["incidents"] if answer.status_code == httpx.codes.OK else []
    return rows


def types_in(scripted: ScriptedProduct, at: datetime) -> Callable[[], dict[str, list[str]]]:
    """What the minute of a moment says was wrong with each device, once it does."""
    minute = int(at.timestamp() // 60)

    def asked() -> dict[str, list[str]]:
        answer = scripted.client.get(f"/heatmaps/{SITE}/{at:%H%M}.json", params={"minute": minute})
        devices = answer.json()["devices"] if answer.status_code == httpx.codes.OK else []
        shown = {one["device_id"]: one["types"] for one in devices if one["state"] == "incident"}
        return shown if len(shown) == len(FAULTS) else {}

    return asked


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[tuple[Page, Complaints]]:
    with watched_page(browser, 390) as opened:
        yield opened


@pytest.fixture
def phone(tab: tuple[Page, Complaints]) -> Iterator[Page]:
    """The same tab for all of them."""
    phone, complaints = tab
    complaints.messages.clear()
    yield phone
    assert complaints.messages == []


def test_each_fault_is_red_in_its_minute(scripted: ScriptedProduct, begin: datetime) -> None:
    assert eventually(types_in(scripted, begin), 60, "the minute") == {fault: [fault] for fault in FAULTS}


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_found_explained_commented_and_closed_within_a_minute(
    phone: Page, scripted: ScriptedProduct, begin: datetime, fault: str
) -> None:
    visit(phone, f"{scripted.address}/wall")
    expect(phone.locator("main h1")).to_be_visible()
    began = monotonic()

    phone.get_by_role("link", name=re.compile("^Alerts")).click()
    phone.get_by_role("link", name="Incidents", exact=True).click()
    phone.get_by_label("Type", exact=True).select_option(label=FAULTS[fault])
    listed = phone.get_by_role("region", name="Incidents", exact=True).get_by_role("link")
    listed.filter(has_text=FAULTS[fault]).first.click()
    why = phone.get_by_role("complementary", name="Incident")
    expect(why).to_contain_text("The rule then")
    expect(why).to_contain_text(FAULTS[fault])
    why.get_by_label("Your name").fill("Mara")
    why.get_by_label("Comment", exact=True).fill(f"Seen: {fault}")
    why.get_by_role("button", name="Reviewed", exact=True).click()
    expect(why.get_by_label("What people said")).to_contain_text(f"Seen: {fault}")

    assert monotonic() - began < WITHIN_S
    [row] = found(scripted, fault)
    assert row["review"]["state"] == "reviewed"  # type: ignore[index]  # an answer in JSON
