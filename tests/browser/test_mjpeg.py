"""A camera whose MJPEG was kept as it is sent: no browser plays it, and its pictures stand for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.browser_tab import watched_page
from tests.browser.film import send_event, send_medium, thumbnail
from tests.browser.scripted_product import ScriptedProduct
from tests.builders import SITE, heartbeat, media, segment
from tests.cameras.media import jpeg
from tests.eventually import eventually
from tests.mjpeg_recording import MJPEG_FPS, mjpeg_segments

pytestmark = pytest.mark.browser

CAMERA = "MOTION_JPEG"
SECONDS = 16


@pytest.fixture(scope="module")
def begin(scripted: ScriptedProduct) -> datetime:
    """When its recording begins."""
    begin = (datetime.now(UTC) - timedelta(hours=2)).replace(minute=10, second=0, microsecond=0)
    send_event(scripted, heartbeat(begin, device=CAMERA))
    for second in range(SECONDS):
        small = thumbnail(40 + 10 * second)
        send_medium(scripted, media(begin + timedelta(seconds=second), small, device=CAMERA), small)
    for one in mjpeg_segments([jpeg(number) for number in range(SECONDS * MJPEG_FPS)], begin, target_s=4):
        medium = media(one.start, one.data, kind="segment", device=CAMERA, content_type=one.content_type)
        send_medium(scripted, medium, one.data)
        send_event(
            scripted,
            segment(one.start, duration_s=one.duration_s, device=CAMERA, codec=one.codec, size=len(one.data),
                    media=(medium.data.key,), discontinuity=one.discontinuity),
        )  # fmt: skip
    path = f"/hls/{SITE}/{CAMERA}/range.m3u8"
    asked = {"from": begin.isoformat(), "to": (begin + timedelta(seconds=SECONDS)).isoformat()}

    def listed() -> bool:
        answer = scripted.client.get(path, params=asked)
        return answer.status_code == 200 and answer.text.count("#EXTINF") == SECONDS // 4

    eventually(listed, 180, "all segments in the view")
    return begin


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with watched_page(browser, 1440) as (page, _):
        yield page


def test_pictures_stand_for_a_video_that_the_browser_cannot_play_and_go_on_with_the_clock(
    page: Page, scripted: ScriptedProduct, begin: datetime
) -> None:
    at = f"{begin + timedelta(seconds=4):%Y-%m-%dT%H:%M:%SZ}"
    page.goto(f"{scripted.address}/playback?site={SITE}&device={CAMERA}&at={at}")
    expect(page.get_by_text("This browser cannot play the video: pictures stand for it")).to_be_visible()
    picture = page.get_by_role("group", name=CAMERA).get_by_role("img", name=CAMERA)
    expect(picture).to_be_visible()
    eventually(lambda: picture.evaluate("one => one.naturalWidth") == 320, 30, "a picture")
    first = picture.get_attribute("src")

    page.keyboard.press("k")

    expect(picture).not_to_have_attribute("src", first or "")
    shown = page.get_by_test_id("clock")
    eventually(lambda: float(shown.get_attribute("data-at") or 0) / 1000 > begin.timestamp() + 7, 30, "the clock")
