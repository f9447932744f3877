"""Every key of playback has exactly one effect, and none while somebody types."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.browser_tab import Complaints, watched_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]  # the first one waits for a minute of the demo

HOUR_S = 3600
NOTICE = re.compile(r"^(Muted|Unmuted|Playback Speed: .*x)$")


@pytest.fixture(scope="module")
def opened(browser: Browser, page_address: str) -> Iterator[tuple[Page, Complaints]]:
    """Playback, paused at half past of an hour that has passed, so that every jump has room."""
    moment = (datetime.now(UTC) - timedelta(hours=2)).replace(minute=30, second=0)
    with watched_page(browser, 1440) as (page, complaints):
        page.goto(f"{page_address}/playback?at={moment:%Y-%m-%dT%H:%M:%SZ}")
        expect(page.get_by_test_id("clock")).to_contain_text(":30:00")
        yield page, complaints


@pytest.fixture
def player(opened: tuple[Page, Complaints]) -> Iterator[Page]:
    """The same tab for every key, put back to half past, paused, at simple speed and muted."""
    page, complaints = opened
    complaints.heard.clear()
    yield page
    page.evaluate("() => { document.getElementById('typed')?.remove(); document.activeElement?.blur(); }")
    if page.evaluate("() => document.fullscreenElement !== null"):
        page.evaluate("() => document.exitFullscreen()")
    if page.get_by_role("button", name="Pause").count():
        page.keyboard.press("k")
    if speed(page) != "1":
        page.get_by_role("group", name="Speed").get_by_role("button", name="1\u00d7", exact=True).click()
    page.keyboard.press("5")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(page.get_by_text(NOTICE)).to_have_count(0)
    assert position_s(page) == pytest.approx(HOUR_S / 2, abs=1)
    assert complaints.heard == []


def position_s(page: Page) -> float:
    slider = page.get_by_role("slider", name="Moment played")
    return float(slider.get_attribute("aria-valuenow") or "nan")


def moment_ms(page: Page) -> float:
    return float(page.get_by_test_id("clock").get_attribute("data-at") or "nan")


def speed(page: Page) -> str:
    return page.get_by_role("group", name="Speed").get_attribute("data-speed") or ""


@pytest.mark.parametrize(
    ("key", "expected_s"),
    [
        ("ArrowLeft", 1795),
        ("ArrowRight", 1805),
        ("j", 1790),
        ("l", 1810),
        ("0", 0),
        ("1", 360),
        ("2", 720),
        ("3", 1080),
        ("4", 1440),
        ("5", 1800),
        ("6", 2160),
        ("7", 2520),
        ("8", 2880),
        ("9", 3240),
    ],
)
def test_a_key_moves_once(player: Page, key: str, expected_s: int) -> None:
    player.keyboard.press(key)

    assert position_s(player) == pytest.approx(expected_s, abs=1)
    assert speed(player) == "1"
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()


@pytest.mark.parametrize("key", ["Space", "k"])
def test_a_key_starts_and_the_same_key_stops(player: Page, key: str) -> None:
    player.keyboard.press(key)
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    player.keyboard.press(key)

    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()


@pytest.mark.parametrize(("key", "expected"), [("ArrowUp", "1.25"), ("ArrowDown", "0.75")])
def test_a_key_changes_the_speed_by_a_quarter_and_says_so(player: Page, key: str, expected: str) -> None:
    player.keyboard.press(key)

    expect(player.get_by_text(f"Playback Speed: {expected}x")).to_be_visible()
    assert speed(player) == expected
    assert position_s(player) == pytest.approx(1800, abs=1)


@pytest.mark.parametrize(("presses", "key", "expected"), [(20, "ArrowUp", "4"), (20, "ArrowDown", "0.25")])
def test_speed_stays_in_its_bounds(player: Page, presses: int, key: str, expected: str) -> None:
    for _ in range(presses):
        player.keyboard.press(key)

    assert speed(player) == expected


def test_m_mutes_and_unmutes_all(player: Page) -> None:
    player.keyboard.press("m")
    expect(player.get_by_text("Unmuted", exact=True)).to_be_visible()
    player.keyboard.press("m")

    expect(player.get_by_text("Muted", exact=True)).to_be_visible()


def test_f_enters_full_screen_once(player: Page) -> None:
    player.keyboard.press("f")

    expect(player.locator(":fullscreen")).to_have_count(1)


@pytest.mark.parametrize(("key", "direction"), [(",", -1), (".", 1)])
def test_a_frame_step_moves_by_one_frame_while_paused(player: Page, key: str, direction: int) -> None:
    before = moment_ms(player)

    player.keyboard.press(key)

    assert 1000 / 120 <= direction * (moment_ms(player) - before) <= 1000
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()


@pytest.mark.parametrize("key", ["Space", "k", "ArrowLeft", "ArrowUp", "j", "l", "5", "m", "f", "n", "?"])
def test_no_key_acts_while_somebody_types(player: Page, key: str) -> None:
    player.evaluate(
        """() => {
            const field = document.createElement('input');
            field.id = 'typed';
            document.querySelector('main').append(field);
            field.focus();
        }"""
    )
    before = player.url

    player.keyboard.press(key)

    assert position_s(player) == pytest.approx(HOUR_S / 2, abs=1)
    assert speed(player) == "1"
    assert player.url == before
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(player.get_by_role("dialog")).to_have_count(0)
    expect(player.get_by_text(re.compile("^(Muted|Unmuted)$"))).to_have_count(0)


def test_a_speed_button_gives_the_keys_back(player: Page) -> None:
    player.get_by_role("group", name="Speed").get_by_role("button").nth(3).click()
    player.keyboard.press("Space")

    assert speed(player) == "2"
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
