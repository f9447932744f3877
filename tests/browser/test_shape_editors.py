"""On a phone, with a finger: regions are moved, loaded and saved, and heat is laid over the picture."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.browser_tab import watched_page
from tests.eventually import eventually
from tests.loopback import NO_TLS

pytestmark = pytest.mark.browser

PHONE = 390
SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
LINE = ((0.2, 0.2), (0.4, 0.4), (0.6, 0.6), (0.8, 0.8))


@pytest.fixture(scope="module")
def path(page_address: str) -> str:
    """Of a device with a camera and a thermal sensor, once a frame of that is kept."""
    devices = httpx.get(f"{page_address}/api/v1/sites/DEMO/devices", timeout=20, verify=NO_TLS).json()["devices"]
    device = next(one["device"] for one in devices if one["has"]["fusion"])
    picture = f"{page_address}/api/v1/sites/DEMO/devices/{device}/thermal.jpg"
    eventually(lambda: httpx.get(picture, timeout=20, verify=NO_TLS).status_code == 200, 60, "a thermal frame")
    return f"/api/v1/sites/DEMO/devices/{device}"


@pytest.fixture
def phone(browser: Browser, path: str) -> Iterator[Page]:
    with watched_page(browser, PHONE) as (page, complaints):
        yield page
        assert [one for one in complaints.messages if "400" not in one] == []


def opened(page: Page, address: str, path: str, editor: str) -> None:
    page.goto(f"{address}/device?site=DEMO&device={path.rpartition('/')[2]}&edit={editor}")


def asked(address: str, path: str) -> Any:
    return httpx.get(f"{address}{path}", timeout=20, verify=NO_TLS).json()


def drag(page: Page, handle: Locator, dx: float, dy: float) -> None:
    """With a finger."""
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + dx / 2, "y": y + dy / 2}]),
        ("touchMove", [{"x": x + dx, "y": y + dy}]),
        ("touchEnd", []),
    ):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.detach()


def place(label: Locator) -> list[float]:
    """Of a name in the picture, however the page was scrolled."""
    found: list[float] = label.evaluate("one => [parseFloat(one.style.left), parseFloat(one.style.top)]")
    return found


def test_regions_are_loaded_moved_taken_back_and_saved(phone: Page, page_address: str, path: str) -> None:
    known = asked(page_address, f"{path}/rois")["rois"]
    name, part = ("pole_mounted", "upper_section") if len(known) != 3 else ("substation", "core_area")
    opened(phone, page_address, path, "rois")
    editor = phone.get_by_role("region", name="Region editor")
    editor.get_by_label("Begin with the regions of").select_option(name)
    region = editor.get_by_role("button", name=f"Region {part}", exact=True)
    before = place(region)
    drag(phone, region, 40, 20)
    moved = place(region)
    editor.get_by_role("button", name="Undo").click()
    back = place(region)
    editor.get_by_role("button", name="Save", exact=True).click()

    expect(editor.get_by_role("status")).to_contain_text("Saved: the device has confirmed it")
    assert moved[0] > before[0] + 20
    assert back == before
    wanted = asked(page_address, "/api/v1/roi-sets")["sets"][name]
    assert asked(page_address, f"{path}/rois")["rois"] == wanted
    names = [one.bounding_box() for one in editor.locator(".label").all()]
    assert len(names) == len(wanted)
    for a, b in combinations([one for one in names if one is not None], 2):
        assert (
            a["x"] + a["width"] <= b["x"] + 0.5
            or b["x"] + b["width"] <= a["x"] + 0.5
            or a["y"] + a["height"] <= b["y"] + 0.5
            or b["y"] + b["height"] <= a["y"] + 0.5
        )
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE


def mark(phone: Page, points: tuple[tuple[float, float], ...]) -> None:
    for point in points:
        for canvas in phone.get_by_role("region", name="Alignment").locator(".both .canvas").all():
            box = canvas.bounding_box()
            assert box is not None
            canvas.tap(position={"x": point[0] * box["width"], "y": point[1] * box["height"]})


def test_heat_is_laid_over_the_picture_by_points_and_points_on_a_line_are_refused(
    phone: Page, page_address: str, path: str
) -> None:
    opened(phone, page_address, path, "alignment")
    card = phone.get_by_role("region", name="Alignment")
    card.get_by_role("button", name="By points").click()
    mark(phone, SQUARE)
    card.get_by_label("Shown as").select_option("edges")
    card.get_by_role("button", name="Save", exact=True).click()
    expect(card.get_by_role("status").last).to_contain_text("Confirmed by the device")
    held = asked(page_address, f"{path}/settings")["fusion"]
    card.get_by_role("button", name="Begin again").click()
    mark(phone, LINE)
    card.get_by_role("button", name="Save", exact=True).click()

    expect(card.get_by_role("status").last).to_contain_text("three of the four points lie on one line")
    assert (held["alignment"]["by"], held["form"]) == ("points", "edges")
    for side in ("visual", "thermal"):
        assert held["alignment"][side] == [[pytest.approx(part, abs=0.02) for part in point] for point in SQUARE]
    assert asked(page_address, f"{path}/settings")["fusion"] == held
