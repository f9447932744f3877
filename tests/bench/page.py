"""How soon the timeline of a day is there in a browser, and how it follows the hand of whoever moves over it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import simplejpeg
from playwright.sync_api import Browser, Page

from bus_schemas.node import HeartbeatEvent
from bus_schemas.thermal import ThermalEvent
from tests.bench.measure import Measurement, summary
from tests.browser.browser_tab import launched, watched_page
from tests.browser.day_site import LIVENESS, PAGE, SHOWN, Asked, asking, scrub, served_day
from tests.builders import DEVICE, thermal, tick
from tests.data_directory import hub_of
from tests.integration.gateway.started import Filled, Started

WIDTH: Final = 1440
RUNS: Final = 7
STEPS: Final = 330
PICTURE_SHOWN: Final = f"""() => {{
    const picture = document.querySelector('{SHOWN}');
    return picture && picture.complete && picture.naturalWidth > 0 && performance.now();
}}"""
CHART_DAYS, CHART_REGIONS = 90, 8
STROKES: Final = """() => {
    const stroke = CanvasRenderingContext2D.prototype.stroke;
    CanvasRenderingContext2D.prototype.stroke = function (...path) {
        window.strokedAt = performance.now();
        return stroke.apply(this, path);
    };
    document.addEventListener('click', () => { window.clickedAt = performance.now(); }, true);
}"""
DRAWN: Final = """() => {
    const answers = performance.getEntriesByType('resource').filter(
        ({ name, startTime }) => name.includes('/temperatures?') && startTime > window.clickedAt);
    const answered = Math.max(...answers.map(({ responseEnd }) => responseEnd));
    const isStill = performance.now() - window.strokedAt > 300;
    return answered > 0 && window.strokedAt > answered && isStill && window.strokedAt - window.clickedAt;
}"""
UNDER_CURSOR: Final = """() => {
    window.pointedAt = null;
    window.shownAfter = null;
    document.querySelector('.bar .track').addEventListener('pointermove', () => {
        window.pointedAt ??= performance.now();
        const look = () => {
            if (document.querySelector('[data-testid=cursor-picture]')) {
                window.shownAfter ??= performance.now() - window.pointedAt;
            } else requestAnimationFrame(look);
        };
        look();
    }, { once: true, capture: true });
}"""


def case_page() -> list[Measurement]:
    """The gateway and the browser share the machine with whatever else runs on it."""
    with TemporaryDirectory() as directory, served_day(Path(directory), _picture()) as address, launched() as browser:
        _first(browser, address)
        return [_first_pictures(browser, address), _scrubbing(browser, address), _under_cursor(browser, address)]


def _picture() -> bytes:
    """Of the size and the weight of a thumbnail of a real camera."""
    coarse = np.random.default_rng(1).integers(0, 255, (23, 40, 3), dtype=np.uint8)
    encoded: bytes = simplejpeg.encode_jpeg(np.kron(coarse, np.ones((8, 8, 1), np.uint8))[:180].copy(), quality=80)
    return encoded


@contextmanager
def _opened(browser: Browser, address: str) -> Iterator[tuple[Page, Asked]]:
    with watched_page(browser, WIDTH) as (page, _), asking(page) as asked:
        page.goto(address)
        yield page, asked


def _first(browser: Browser, address: str) -> tuple[float, int]:
    with _opened(browser, f"{address}/timeline") as (page, asked):
        taken = page.wait_for_function(PICTURE_SHOWN).json_value()
        return float(taken), len(asked.up_to_picture())


def _first_pictures(browser: Browser, address: str) -> Measurement:
    """In a new context each time, which has nothing in its cache."""
    found = [_first(browser, address) for _ in range(RUNS)]
    most = max(count for _, count in found)
    includes = f"1,440 minutes to navigate; {most} requests up to the picture (goal 8)"
    return summary("first picture of a day", [taken for taken, _ in found], includes, goal_ms=1000)


def _scrubbing(browser: Browser, address: str) -> Measurement:
    with _opened(browser, f"{address}/timeline") as (page, _):
        page.wait_for_function(PICTURE_SHOWN)
        page.wait_for_load_state("networkidle")
        done = scrub(page, STEPS)
    asked = [path for path in done.asked.of("/api") if path not in LIVENESS]
    return Measurement(
        case="330 minutes scrubbed",
        median_ms=round(done.taken_ms, 1),
        p95_ms=round(done.taken_ms, 1),
        runs=1,
        includes=f"there and back {len(done.asked.paths)} requests (goal 60), {len(asked)} of the API (goal 0)",
        items=done.shown,
        goal_per_s=30,
    )


def _under_cursor(browser: Browser, address: str) -> Measurement:
    """Each time in an hour whose sheet is not in the cache."""
    taken = []
    for run in range(RUNS):
        with _opened(browser, f"{address}/playback?device=yard") as (page, _):
            page.wait_for_selector(".bar.tall")
            page.wait_for_function("() => document.readyState === 'complete'")
            track = page.locator(".bar .track").bounding_box()
            assert track is not None
            page.evaluate(UNDER_CURSOR)
            page.mouse.move(track["x"] + track["width"] * (0.15 + 0.1 * run), track["y"] + 20)
            taken.append(float(page.wait_for_function("() => window.shownAfter").json_value()))
    includes = "from the move to the picture, with its sheet from the gateway"
    return summary("first picture under the cursor", taken, includes, goal_ms=50)


def case_temperatures() -> list[Measurement]:
    """From the click on *90 days* to the last line of the chart: the question, the view, the JSON, the drawing."""
    newest = datetime.now(UTC).replace(second=0, microsecond=0)
    with TemporaryDirectory() as directory, Filled(Path(directory), hub=hub_of(Path(directory))) as filled:
        filled.append(*_heat(newest)).fold()
        with Started(filled.hub, clock=lambda: datetime.now(UTC), page=PAGE) as started, launched() as browser:
            _first_chart(browser, started.url)
            taken = [_first_chart(browser, started.url) for _ in range(RUNS)]
    includes = f"{CHART_REGIONS} regions by 6 hours with thresholds, after a chart of an hour"
    return [summary(f"{CHART_DAYS} days of temperatures drawn", taken, includes, goal_ms=300)]


def _heat(newest: datetime) -> Iterator[ThermalEvent | HeartbeatEvent]:
    """One event each quarter of an hour."""
    steps = CHART_DAYS * 96
    for step in range(steps):
        event = thermal(newest - timedelta(minutes=15 * (steps - step)), hottest=50.0 + 20 * np.sin(step / 30))
        regions = [
            event.data.regions[0].model_copy(update={"name": f"phase {number}", "max_temp": 40.0 + number + step % 7})
            for number in range(CHART_REGIONS)
        ]
        yield event.model_copy(update={"data": event.data.model_copy(update={"regions": tuple(regions)})})
    yield tick(newest)


def _first_chart(browser: Browser, address: str) -> float:
    with _opened(browser, f"{address}/device?device={DEVICE}") as (page, _):
        page.wait_for_selector("section[aria-label='Over time'] canvas")
        page.evaluate(STROKES)
        page.get_by_role("button", name=f"{CHART_DAYS} days").click()
        return float(page.wait_for_function(DRAWN).json_value())
