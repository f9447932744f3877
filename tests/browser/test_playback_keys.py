"""Every key of playback has exactly one effect, and none while somebody types."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.browser_tab import Complaints, watched_page
from tests.browser.film import WEST, Recorded

pytestmark = pytest.mark.browser

RANGE_S = 80
NOTICE = re.compile(r"^(Muted|Unmuted|Playback Speed: .*x)$")


@pytest.fixture(scope="module")
def opened(browser: Browser, recorded: Recorded) -> Iterator[tuple[Page, Complaints]]:
    """Playback, paused in the middle of a range that was recorded, so that every jump has room."""
    whole = f"{recorded.at(0):%Y-%m-%dT%H:%M:%SZ}/{recorded.at(RANGE_S):%Y-%m-%dT%H:%M:%SZ}"
    with watched_page(browser, 1440) as (page, complaints):
        page.goto(recorded.address(RANGE_S / 2, WEST, range=whole))
        expect(page.get_by_role("group", name="Chosen range")).to_be_visible()
        expect(page.get_by_text("Loading…")).to_have_count(0)
        page.evaluate("(begin) => { window.begin = begin; }", recorded.at(0).timestamp() * 1000)
        yield page, complaints


@pytest.fixture
def player(opened: tuple[Page, Complaints]) -> Iterator[Page]:
    """The same tab for every key, put back to the middle, paused, at simple speed and muted."""
    page, complaints = opened
    complaints.messages.clear()
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
    assert position_s(page) == pytest.approx(RANGE_S / 2, abs=1)
    assert complaints.messages == []


def position_s(page: Page) -> float:
    """Since the begin of the chosen range."""
    return float((moment_ms(page) - page.evaluate("() => window.begin")) / 1000)


def moment_ms(page: Page) -> float:
    return float(page.get_by_test_id("clock").get_attribute("data-at") or "nan")


def speed(page: Page) -> str:
    return page.get_by_role("group", name="Speed").get_attribute("data-speed") or ""


@pytest.mark.parametrize(
    ("key", "expected_s"),
    [
        ("ArrowLeft", 35),
        ("ArrowRight", 45),
        ("j", 30),
        ("l", 50),
        ("0", 0),
        ("1", 8),
        ("2", 16),
        ("3", 24),
        ("4", 32),
        ("5", 40),
        ("6", 48),
        ("7", 56),
        ("8", 64),
        ("9", 72),
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
    assert position_s(player) == pytest.approx(RANGE_S / 2, abs=1)


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

    assert position_s(player) == pytest.approx(RANGE_S / 2, abs=1)
    assert speed(player) == "1"
    assert player.url == before
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(player.get_by_role("dialog")).to_have_count(0)
    expect(player.get_by_text(re.compile("^(Muted|Unmuted)$"))).to_have_count(0)


def test_a_speed_button_gives_the_keys_back(player: Page) -> None:
    player.get_by_role("group", name="Speed").get_by_role("button").nth(4).click()
    player.keyboard.press("Space")

    assert speed(player) == "2"
    expect(player.get_by_role("button", name="Pause")).to_be_visible()


@pytest.mark.parametrize(
    "focused",
    [{"role": "slider", "name": "Moment shown"}, {"role": "button", "name": "2\u00d7"}],
    ids=["the handle of the bar", "a speed"],
)
def test_no_key_dies_because_something_has_the_focus(player: Page, focused: dict[str, Any]) -> None:
    player.get_by_role(focused["role"], name=focused["name"], exact=True).focus()

    for key, expected_s in (("ArrowRight", 45), ("j", 35), ("5", 40), ("ArrowLeft", 35)):
        player.keyboard.press(key)
        assert position_s(player) == pytest.approx(expected_s, abs=1)
    player.keyboard.press("ArrowUp")

    assert speed(player) == "1.25"
