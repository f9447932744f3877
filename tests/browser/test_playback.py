"""What playback shows is what was recorded: frame by frame, in step, at once, and where nothing is, why."""

import logging
import time
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.browser_tab import Complaints, watched_page
from tests.browser.film import EAST, GONE, LOST, NORTH, WEST, Recorded, record_with_loss
from tests.counted_video import FPS, FRAMES_PER_SEGMENT, READ_NUMBER, SEGMENT_S
from tests.eventually import eventually
from tests.least import least

pytestmark = pytest.mark.browser

SEEK_MS = 300
SEEKS = ("ArrowRight", "l", "j", "l", "ArrowLeft")
NEAR_FRAMES = 3
"""A second in an address is no exact frame."""
BUSY = 4
"""So much longer it may take on a machine that runs other tests."""

log = logging.getLogger(__name__)


@pytest.fixture
def tab(browser: Browser) -> Iterator[tuple[Page, Complaints]]:
    with watched_page(browser, 1440) as (page, complaints):
        yield page, complaints
        assert complaints.messages == []


def number(video: Locator) -> int:
    return int(video.evaluate(READ_NUMBER))


def clock_of(page: Page, recorded: Recorded) -> float:
    """Seconds of the film at which the clock of the page stands."""
    at = page.get_by_test_id("clock").get_attribute("data-at")
    return float(at or "nan") / 1000 - recorded.begin.timestamp()


def shows(video: Locator, expected: int) -> None:
    found = eventually(lambda: number(video) == expected or None, 20, f"frame {expected}")
    assert found


def test_a_frame_step_shows_the_next_frame_of_the_video_also_over_the_end_of_a_segment(
    tab: tuple[Page, Complaints], recorded: Recorded
) -> None:
    page, _ = tab
    page.goto(recorded.address(SEGMENT_S - 1))
    video = page.locator("video")
    first = int((SEGMENT_S - 1) * FPS)
    eventually(lambda: abs(number(video) - first) <= NEAR_FRAMES, 30, "the frame of the address")
    expect(page.get_by_text("Loading…")).to_have_count(0)
    begin = number(video)

    for step in range(1, 21):
        page.keyboard.press(".")
        shows(video, begin + step)
        assert clock_of(page, recorded) == pytest.approx((begin + step + 0.5) / FPS, abs=0.1 / FPS)
    for step in range(19, 9, -1):
        page.keyboard.press(",")
        shows(video, begin + step)

    assert begin + 20 > FRAMES_PER_SEGMENT > begin


def test_a_hole_says_its_cause_and_the_other_camera_plays_on_in_step(
    tab: tuple[Page, Complaints], recorded: Recorded
) -> None:
    page, _ = tab
    page.goto(recorded.address(LOST.start * SEGMENT_S - 2, f"{EAST},{WEST}"))
    east, west = page.locator("video").nth(0), page.locator("video").nth(1)
    eventually(lambda: number(east) == number(west) > 0, 30, "both at one moment")

    page.keyboard.press("k")
    expect(page.get_by_role("group", name=EAST, exact=True)).to_contain_text("Goes on at")
    apart = [abs(number(east) - number(west))]
    seen = [number(west)]

    def is_over() -> bool:
        seen.append(number(west))
        return seen[-1] >= (LOST.stop + 2) * FRAMES_PER_SEGMENT

    eventually(is_over, 40, "its end")
    apart += [abs(number(east) - number(west)) for _ in range(3)]
    page.keyboard.press("k")

    assert all(later - earlier < 2 * FPS for earlier, later in pairwise(seen)), "the clock jumped over the hole"
    assert max(apart[1:]) <= 0.5 * FPS
    expect(page.get_by_role("group", name=EAST, exact=True)).not_to_contain_text("Goes on at")


def test_a_picture_is_under_the_cursor_and_another_after_a_seek_at_once(
    tab: tuple[Page, Complaints], recorded: Recorded
) -> None:
    page, _ = tab
    page.goto(recorded.address(62, reach="10m"))
    video = page.locator("video")
    eventually(lambda: number(video) > 0, 30, "a picture")
    handle = page.get_by_role("slider", name="Moment shown").bounding_box()
    assert handle is not None
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 20)
    picture = page.get_by_test_id("cursor-picture")
    expect(picture).to_have_attribute("data-time", str(round(recorded.at(60).timestamp() * 1000)))
    began = time.perf_counter()
    page.mouse.move(handle["x"] - 100, handle["y"] + 20)
    expect(picture).to_have_attribute("data-time", str(round(recorded.at(0).timestamp() * 1000)))
    shown = (time.perf_counter() - began) * 1000
    page.mouse.move(10, 10)
    took = least(lambda: median(_seek_ms(page, key) for key in SEEKS), BUSY * SEEK_MS)
    log.info("picture under the cursor after %.0f ms, the first picture of a seek after %.0f ms", shown, took)

    assert shown <= BUSY * SEEK_MS, "far from its goal, with the look of the test at it"
    assert took <= BUSY * SEEK_MS


def _seek_ms(page: Page, key: str) -> int:
    """Milliseconds from a key to the first picture of its moment."""
    page.evaluate(
        """() => {
            const video = document.querySelector('video');
            window.sought = null;
            addEventListener('keydown', () => {
                const began = performance.now();
                video.requestVideoFrameCallback(() => (window.sought = performance.now() - began));
            }, { once: true, capture: true });
        }"""
    )
    page.keyboard.press(key)
    page.wait_for_function("() => window.sought !== null", timeout=20_000)
    return round(float(page.evaluate("() => window.sought")))


def test_a_segment_whose_bytes_are_gone_is_told_and_what_follows_it_is_played(
    browser: Browser, recorded: Recorded
) -> None:
    film = record_with_loss(recorded.scripted, recorded.begin)
    with watched_page(browser, 1440) as (page, complaints):
        page.goto(film.address(GONE * SEGMENT_S + 1, devices=NORTH))
        expect(page.get_by_text("This part of the recording cannot be played: a picture stands for it")).to_be_visible()
        page.keyboard.press(" ")
        video = page.locator("video")
        eventually(lambda: number(video) >= (GONE + 2) * FRAMES_PER_SEGMENT or None, 30, "what follows it")

    assert all("404" in message for message in complaints.messages), complaints.messages
