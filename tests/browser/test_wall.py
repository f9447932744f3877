"""A wall of two hundred devices: found, grouped and laid out, at the cost of a few."""

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
import simplejpeg
from playwright.sync_api import Browser, Page, expect

from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from gateway.static_files import STATIC
from tests import builders
from tests.browser.browser_tab import Complaints, visit, watched_page
from tests.browser.reviewed import accessibility_findings
from tests.integration.gateway.started import Filled, Started

pytestmark = pytest.mark.browser

DEVICES = 200
REQUESTS_PER_S = 10
SECONDS = 8


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two hundred cameras with a picture each, of which the last has no connection."""
    picture = a_picture()
    names = [f"cam{number:03d}" for number in range(1, DEVICES + 1)]
    with Filled(tmp_path_factory.mktemp("many")) as filled:
        filled.append(*(builders.health(builders.at(590), device=name) for name in names))
        filled.store(
            *((builders.media(builders.at(595), picture, device=name, id=f"{name}-newest"), picture) for name in names)
        )
        filled.append(builders.state(builders.at(599), device=names[-1], online=False), builders.tick(builders.at(600)))
        filled.fold()
        with Started(filled.hub, page=STATIC) as started:
            yield started.url


def a_picture() -> bytes:
    picture: bytes = simplejpeg.encode_jpeg(np.full((180, 320, 3), 90, np.uint8), 80)
    return picture


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Four devices with a picture each, of which one measures heat as well."""
    names, body = ("gate", "yard", "hall", "kiln"), a_picture()
    configured = ConfiguredSite(builders.SITE, "Yard", devices=tuple(ConfiguredDevice(name, name) for name in names))
    with Filled(tmp_path_factory.mktemp("few"), Configured((configured,))) as filled:
        filled.append(*(builders.health(builders.at(590), device=name) for name in names))
        filled.store(*((builders.media(builders.at(595), body, device=name, id=name), body) for name in names))
        filled.append(builders.thermal(builders.at(598), device=names[-1]), builders.tick(builders.at(600)))
        filled.fold()
        with Started(filled.hub, page=STATIC) as started:
            yield started.url


@pytest.fixture(scope="module", params=[1440, 390], ids=["desk", "phone"])
def tab(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, Complaints]]:
    with watched_page(browser, request.param) as opened:
        yield opened


@pytest.fixture
def wall(tab: tuple[Page, Complaints], address: str) -> Iterator[Page]:
    page, complaints = tab
    complaints.messages.clear()
    visit(page, f"{address}/wall")
    expect(page.locator("main li")).to_have_count(DEVICES + 2, timeout=30_000)
    expect(page.locator("main li img").first).to_be_visible(timeout=30_000)
    yield page
    assert complaints.messages == []


def test_two_hundred_devices_are_asked_for_as_a_few_are(wall: Page) -> None:
    """Requests are those that the browser counts itself."""
    asked = "() => performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname)"
    somewhere = wall.locator("main li").nth(DEVICES // 2)
    somewhere.scroll_into_view_if_needed()
    expect(somewhere.locator("img")).to_be_visible(timeout=20_000)
    wall.evaluate("() => { performance.clearResourceTimings(); window.counted = performance.now(); }")
    wall.wait_for_function(f"() => performance.now() - window.counted >= {SECONDS * 1000}", timeout=SECONDS * 5000)

    paths = [path for path in wall.evaluate(asked) if not path.startswith("blob")]
    pictures = [path for path in paths if path.endswith("snapshot.jpg")]
    assert pictures != []
    assert len(paths) <= REQUESTS_PER_S * SECONDS, Counter(paths)


def test_a_device_is_found_by_a_part_of_its_name(wall: Page) -> None:
    wall.keyboard.press("/")
    wall.keyboard.type("CAM17")

    expect(wall.locator("main li")).to_have_count(10)
    expect(wall).to_have_url(re.compile(r"[?&]q=CAM17"))
    wall.keyboard.press("Escape")
    expect(wall.locator("main li")).to_have_count(DEVICES + 2)


def test_groups_and_lines_come_from_the_address_and_stay(wall: Page) -> None:
    wall.get_by_label("Groups").select_option(label="By condition")
    wall.get_by_label("Layout").select_option(label="List")

    expect(wall.locator("main h2").first).to_contain_text(re.compile(r"Critical|Warning"))
    expect(wall).to_have_url(re.compile(r"group=condition.*layout=list"))
    assert accessibility_findings(wall) == []
    visit(wall, wall.url.split("/wall")[0] + "/system")
    wall.keyboard.press("g")
    wall.keyboard.press("w")
    expect(wall.locator("main h2").first).to_be_visible()


def test_four_devices_are_seen_on_the_wall_without_scrolling(browser: Browser, few: str) -> None:
    with watched_page(browser, 1440) as (page, complaints):
        page.goto(f"{few}/wall")
        expect(page.locator("main li")).to_have_count(4)
        expect(page.locator("main li img")).to_have_count(4)
        expect(page.locator("main li").filter(has_text="°C")).to_have_count(1)

        hidden = page.evaluate(
            "() => { const m = document.querySelector('main'); return m.scrollHeight - m.clientHeight; }"
        )
        assert hidden <= 0
        assert complaints.messages == []
