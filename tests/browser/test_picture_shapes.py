"""Zones and boxes lie where the picture is, whatever its shape: what is marked in it is measured on the screen."""

import base64
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from av.video.frame import VideoFrame
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from edge.analysis.pictures import Pictures, thumbnail
from tests.browser.browser_tab import visit, watched_page
from tests.browser.film import send_event, send_medium
from tests.browser.scripted_product import ScriptedProduct
from tests.builders import SITE, detection, health, media, segment, settings
from tests.eventually import eventually
from tests.footage import Film, coded, muxed

pytestmark = pytest.mark.browser

MARK = (0.125, 0.5, 0.25, 0.25)
"""Left, top, width and height of a red patch in every picture, in shares of it."""
SHAPES = {
    "WIDE": (320, 180),
    "CLASSIC": (320, 240),
    "SQUARE": (240, 240),
    "PHONE": (216, 384),
    "PANORAMA": (640, 180),
}
SECONDS = 8
WITHIN_PX, SHARP_PX, SMALL_HEIGHT = 5, 2.5, 180

_REGIONS = """(seen) => {
    const pen = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const image = new Image();
    return new Promise((done) => {
        image.onload = () => {
            [pen.canvas.width, pen.canvas.height] = [image.width, image.height];
            pen.drawImage(image, 0, 0);
            const {data} = pen.getImageData(0, 0, image.width, image.height);
            const at = [];
            for (let i = 0; i < data.length; i += 4)
                if (data[i] > 150 && data[i + 1] < 90 && data[i + 2] < 90) at.push(i / 4);
            const xs = at.map((i) => i % image.width), ys = at.map((i) => Math.floor(i / image.width));
            const least = (of) => of.reduce((a, b) => Math.min(a, b), Infinity);
            const most = (of) => of.reduce((a, b) => Math.max(a, b), -Infinity);
            done(at.length ? [least(xs), least(ys), most(xs) + 1, most(ys) + 1] : null);
        };
        image.src = seen;
    });
}"""


@dataclass(frozen=True)
class Cameras:
    """One of each shape; what they show was recorded half an hour ago."""

    scripted: ScriptedProduct
    begin: datetime
    known: datetime
    """When all of it was known."""

    def address(self, view: str, device: str, at: datetime | None) -> str:
        moment = "" if at is None else f"&at={at:%Y-%m-%dT%H:%M:%SZ}"
        return f"{self.scripted.address}/{view}?site={SITE}&device={device}{moment}"


def marked(_number: int, width: int, height: int) -> VideoFrame:
    picture = np.full((height, width, 3), 60, np.uint8)
    left, top, wide, high = (
        round(share * side) for share, side in zip(MARK, (width, height, width, height), strict=True)
    )
    picture[top : top + high, left : left + wide] = (0, 0, 255)
    return VideoFrame.from_ndarray(picture, format="bgr24")


@pytest.fixture(scope="module")
def cameras(scripted: ScriptedProduct) -> Cameras:
    begin = (datetime.now(UTC) - timedelta(minutes=30)).replace(second=0, microsecond=0)
    for device, size in SHAPES.items():
        _record(scripted, begin, device, size)
    for device in SHAPES:
        asked = {"from": begin.isoformat(), "to": (begin + timedelta(minutes=1)).isoformat()}
        path = f"/hls/{SITE}/{device}/range.m3u8"
        eventually(lambda: scripted.client.get(path, params=asked).status_code == 200, 60, "the segments in the view")  # noqa: B023 - at once
    # A moment in an address has whole seconds.
    known = (datetime.now(UTC) + timedelta(seconds=1)).replace(microsecond=0)
    eventually(lambda: datetime.now(UTC) > known, 5, "the second in which all is known")
    return Cameras(scripted, begin, known)


def _record(scripted: ScriptedProduct, begin: datetime, device: str, size: tuple[int, int]) -> None:
    width, height = size
    left, top, wide, high = MARK
    zone = {
        "name": "Ramp",
        "points": ((left, top), (left + wide, top), (left + wide, top + high), (left, top + high)),
    }
    stream = {"fps": 5.0, "width": width, "height": height}
    for time in (begin - timedelta(minutes=5), datetime.now(UTC)):
        send_event(scripted, health(time, device=device, stream_info=stream))
    send_event(scripted, settings(begin - timedelta(minutes=5), device=device, settings={"zones": [zone]}))
    film = Film(device=device, seconds=SECONDS, fps=5, gop=5, width=width, height=height)
    body = muxed(list(coded(film, marked)), film)
    medium = media(begin, body, kind="segment", device=device)
    send_medium(scripted, medium, body)
    send_event(
        scripted,
        segment(begin, duration_s=float(SECONDS), device=device, size=len(body), media=(medium.data.key,)),
    )
    for second in range(SECONDS):
        box = {"label": "person", "score": 0.9, "box": MARK}
        send_event(scripted, detection(begin + timedelta(seconds=second), device=device, objects=(box,)))
    small = thumbnail(Pictures().small(marked(0, width, height)))
    for time in (begin + timedelta(seconds=2), datetime.now(UTC) - timedelta(seconds=20)):
        send_medium(scripted, media(time, small, device=device), small)


@pytest.fixture(scope="module", params=[1440, 390])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    with watched_page(browser, request.param) as (page, _):
        yield page


def patch(page: Page, around: FloatRect) -> list[float] | None:
    """Left, top, right and bottom of what is red in a part of the screen, within that part."""
    picture = base64.b64encode(page.screenshot(clip=around)).decode()
    found: list[float] | None = page.evaluate(_REGIONS, f"data:image/png;base64,{picture}")
    return found


def lies_over_the_patch(page: Page, drawn: Locator) -> bool:
    box, window = drawn.bounding_box(), page.viewport_size
    if box is None or window is None:
        return False
    # A small picture is sharp to a pixel or two of its own.
    within = max(WITHIN_PX, SHARP_PX * box["height"] / MARK[3] / SMALL_HEIGHT)
    # Red that goes on beyond this part has an edge there, which is none of what was drawn.
    left, top = (math.floor(max(0, box[side] - 3 * within)) for side in ("x", "y"))
    right = min(window["width"], math.ceil(box["x"] + box["width"] + 3 * within))
    bottom = min(window["height"], math.ceil(box["y"] + box["height"] + 3 * within))
    if right <= left or bottom <= top:
        return False
    found = patch(page, {"x": left, "y": top, "width": right - left, "height": bottom - top})
    if found is None:
        return False
    edges = [box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]]
    seen = [found[0] + left, found[1] + top, found[2] + left, found[3] + top]
    return all(abs(one - other) <= within for one, other in zip(edges, seen, strict=True))


@pytest.mark.parametrize("device", SHAPES)
def test_in_recorded_video(page: Page, cameras: Cameras, device: str) -> None:
    visit(page, cameras.address("playback", device, cameras.begin + timedelta(seconds=3)))
    group = page.get_by_role("group", name=device, exact=True)
    expect(page.get_by_text("Loading…")).to_have_count(0)
    expect(group.locator(".box")).to_be_visible()

    eventually(lambda: lies_over_the_patch(page, group.locator(".box")), 20, "the box over the patch")
    eventually(lambda: lies_over_the_patch(page, group.locator("polygon")), 20, "the zone over the patch")


@pytest.mark.parametrize("is_live", [False, True], ids=["then", "now"])
@pytest.mark.parametrize("device", SHAPES)
def test_in_pictures_that_have_bars(page: Page, cameras: Cameras, device: str, is_live: bool) -> None:
    address = cameras.address("device", device, None if is_live else cameras.known)
    visit(page, f"{address}&picture=visual")
    stage = page.get_by_role("region", name="Pictures")
    expect(stage.locator("polygon")).to_be_visible()

    eventually(lambda: lies_over_the_patch(page, stage.locator("polygon")), 20, "the zone over the patch")


@pytest.mark.parametrize("device", ["PHONE", "PANORAMA"])
def test_where_zones_are_drawn(page: Page, cameras: Cameras, device: str) -> None:
    visit(page, cameras.address("device", device, None) + "&edit=zones")
    editor = page.get_by_role("region", name="Zone editor")
    expect(editor.locator("polygon")).to_be_visible()
    # What is chosen is filled and has a broad line, and a picture that is old is grey.
    editor.locator("polygon").evaluate("one => Object.assign(one.style, {fill: 'none', stroke: 'none'})")
    editor.get_by_role("img").evaluate("one => Object.assign(one.style, {opacity: 1, filter: 'none'})")

    eventually(lambda: lies_over_the_patch(page, editor.locator("polygon")), 20, "the zone over the patch")
