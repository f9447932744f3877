"""The timeline of a whole day: how soon it is there, and what it asks for while somebody moves over it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from bus_schemas.event import Event
from tests.browser.browser_tab import watched_page
from tests.builders import frame, incident, tick
from tests.integration.gateway.started import Filled, Started

pytestmark = pytest.mark.browser

PAGE = Path("gateway/static")
DAY_MINUTES = 1440
SCRUBBED_MINUTES = 330
MOST_REQUESTS = 8
MOST_SCRUBBING = 60
LIVENESS = {"/api/v1/live", "/api/v1/sites", "/api/v1/timeline/DEMO"}
"""What a page asks for that finds its live stream silent, whoever moves what."""


def a_day(newest: datetime) -> Iterator[Event]:
    """A frame of one camera and a tick of the hub each minute; black for half an hour, six hours ago."""
    begin = newest - timedelta(minutes=DAY_MINUTES + 1)
    for minute in range(DAY_MINUTES + 2):
        at = begin + timedelta(minutes=minute)
        is_black = 360 < DAY_MINUTES - minute <= 390
        if minute == DAY_MINUTES - 390:
            yield incident(at, "blackscreen")
        if minute == DAY_MINUTES - 360:
            yield incident(at, "blackscreen", "closed")
        yield frame(at + timedelta(seconds=1), blackscreen=is_black)
        yield tick(at + timedelta(seconds=5))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway over a whole ring of minutes, the newest of which has just closed."""
    newest = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    with Filled(tmp_path_factory.mktemp("day")) as filled:
        filled.append(*a_day(newest)).fold()
        with Started(filled.hub, clock=lambda: datetime.now(UTC), page=PAGE) as started:
            yield started.url


@dataclass
class Asked:
    """The paths that a page asks for."""

    paths: list[str] = field(default_factory=list)

    def hear(self, request: Request) -> None:
        self.paths.append(urlsplit(request.url).path)

    def of(self, beginning: str) -> list[str]:
        return [path for path in self.paths if path.startswith(beginning)]


@contextmanager
def asking(page: Page) -> Iterator[Asked]:
    asked = Asked()
    page.on("request", asked.hear)
    yield asked
    page.remove_listener("request", asked.hear)


def test_a_day_is_there_at_once_with_few_requests(browser: Browser, address: str) -> None:
    with watched_page(browser, 1440) as (page, complaints), asking(page) as asked:
        page.goto(f"{address}/timeline")
        picture = page.locator("main img[data-minute]")
        expect(picture).to_be_visible()
        taken_ms = page.evaluate("() => performance.now()")

        # What surrounds the picture is asked for after it.
        first = next(number for number, path in enumerate(asked.paths) if path.endswith(".jpg"))
        assert asked.paths[: first + 1] == sorted(set(asked.paths[: first + 1]), key=asked.paths.index)
        assert first + 1 <= MOST_REQUESTS, asked.paths[: first + 1]
        expect(page.get_by_role("slider", name="Moment shown")).to_have_attribute("aria-valuemax", str(DAY_MINUTES))
        # A second where nothing else runs; here several tests may.
        assert taken_ms < 10_000
        expect(page.get_by_role("group", name="Share of time in full").locator("tbody tr").first).to_be_visible()
        expect(page.locator(".bar rect.incident[data-type=blackscreen]")).to_have_count(1)
        assert complaints.heard == []


WATCH = """() => {
    window.shownMinutes = new Set();
    const look = () => {
        const shown = document.querySelector('main [data-minute]');
        if (shown) window.shownMinutes.add(shown.dataset.minute);
    };
    new MutationObserver(look).observe(document.querySelector('main'),
        { subtree: true, childList: true, attributes: true, attributeFilter: ['data-minute'] });
}"""


def test_hours_are_moved_over_with_a_picture_of_each_minute_and_no_question(browser: Browser, address: str) -> None:
    with watched_page(browser, 1440) as (page, complaints):
        page.goto(f"{address}/timeline")
        expect(page.locator("main img[data-minute]")).to_be_visible()
        page.wait_for_load_state("networkidle")
        track = page.locator(".bar .track").bounding_box()
        assert track is not None
        begin, length = track["x"] + track["width"] - 60, SCRUBBED_MINUTES / DAY_MINUTES * track["width"]
        y, steps = track["y"] + track["height"] - 30, 110
        page.mouse.move(begin, y)
        with asking(page) as asked:
            page.mouse.down()
            page.mouse.move(begin - length, y, steps=steps)
            expect(page.locator("main .small[data-minute]")).to_be_visible()
            # Back over the same minutes, whose sheets are there.
            page.evaluate(WATCH)
            page.mouse.move(begin, y, steps=steps)
            shown = page.evaluate("() => window.shownMinutes.size")

            assert set(asked.of("/api")) <= LIVENESS
            page.mouse.up()
            expect(page.locator("main img[data-minute]")).to_be_visible()

        assert shown > steps * 0.9
        assert len(asked.paths) <= MOST_SCRUBBING, asked.paths
        assert complaints.heard == []


def test_twenty_minutes_a_second_are_played_until_somebody_moves_the_handle(browser: Browser, address: str) -> None:
    at = (datetime.now(UTC) - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:00Z")
    with watched_page(browser, 1440) as (page, complaints):
        page.goto(f"{address}/timeline?at={at}")
        expect(page.locator("main img[data-minute]")).to_be_visible()
        before = page.locator("main [data-minute]").get_attribute("data-minute")
        page.get_by_role("button", name="20/s").click()
        with asking(page) as asked:
            page.get_by_role("button", name="Play").click()
            moved = (
                "before => Number(document.querySelector('main [data-minute]')?.dataset.minute) > Number(before) + 30"
            )
            page.wait_for_function(moved, arg=before)
            page.evaluate(WATCH)
            page.wait_for_function("() => window.shownMinutes.size > 20")
            assert set(asked.of("/api")) <= LIVENESS
        track = page.locator(".bar .track").bounding_box()
        assert track is not None
        page.mouse.click(track["x"] + 200, track["y"] + track["height"] - 30)

        expect(page.get_by_role("button", name="Play")).to_be_visible()
        assert complaints.heard == []
