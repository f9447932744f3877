"""A gateway over a whole ring of minutes, and how a browser moves over them: for tests and for the benchmark."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, expect

from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from tests.builders import frame, incident, media, tick
from tests.data_directory import hub_of
from tests.integration.gateway.started import Filled, Started

PAGE = Path("gateway/static")
DAY_MINUTES = 1440
SCRUBBED_MINUTES = 330
SHOWN = "main img[data-minute]"
LIVENESS = {"/api/v1/live", "/api/v1/sites", "/api/v1/sites/DEMO/devices", "/api/v1/timeline/DEMO"}
"""What a page asks for that finds its live stream silent, whoever moves what."""
WATCH = """() => {
    window.shownMinutes = new Set();
    const look = () => {
        const shown = document.querySelector('main [data-minute]');
        if (shown) window.shownMinutes.add(shown.dataset.minute);
    };
    new MutationObserver(look).observe(document.querySelector('main'),
        { subtree: true, childList: true, attributes: true, attributeFilter: ['data-minute'] });
}"""


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


def a_picture_a_minute(newest: datetime, picture: bytes) -> Iterator[tuple[MediaEvent, bytes]]:
    begin = newest - timedelta(minutes=DAY_MINUTES)
    for minute in range(DAY_MINUTES):
        yield media(begin + timedelta(minutes=minute, seconds=2), picture), picture


@contextmanager
def served_day(directory: Path, picture: bytes | None = None) -> Iterator[str]:
    """The address of a page with 1,440 minutes, the newest of which has just closed; with a picture in each, if any."""
    newest = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    with Filled(directory, hub=hub_of(directory)) as filled:
        if picture is not None:
            filled.store(*a_picture_a_minute(newest, picture))
        filled.append(*a_day(newest)).fold()
        with Started(filled.hub, clock=lambda: datetime.now(UTC), page=PAGE) as started:
            yield started.url


@dataclass
class Asked:
    """The paths that a page asks for."""

    paths: list[str] = field(default_factory=list)

    def receive(self, request: Request) -> None:
        self.paths.append(urlsplit(request.url).path)

    def of(self, beginning: str) -> list[str]:
        return [path for path in self.paths if path.startswith(beginning)]

    def up_to_picture(self) -> list[str]:
        """What was asked for until the first picture, that included."""
        first = next(number for number, path in enumerate(self.paths) if path.endswith(".jpg"))
        return self.paths[: first + 1]


@contextmanager
def asking(page: Page) -> Iterator[Asked]:
    asked = Asked()
    page.on("request", asked.receive)
    yield asked
    page.remove_listener("request", asked.receive)


@dataclass(frozen=True)
class Scrubbed:
    """`shown` minutes were seen on the way back, in so many milliseconds."""

    asked: Asked
    shown: int
    taken_ms: float


def scrub(page: Page, steps: int) -> Scrubbed:
    """Move the handle over hours and back with the button held, in as many steps as a hand makes."""
    track = page.locator(".bar .track").bounding_box()
    assert track is not None
    begin, length = track["x"] + track["width"] - 60, SCRUBBED_MINUTES / DAY_MINUTES * track["width"]
    y = track["y"] + track["height"] - 30
    page.mouse.move(begin, y)
    with asking(page) as asked:
        page.mouse.down()
        page.mouse.move(begin - length, y, steps=steps)
        expect(page.locator("main .small[data-minute]")).to_be_visible()
        # Back over the same minutes, whose sheets are there.
        page.evaluate(WATCH)
        began = page.evaluate("() => performance.now()")
        page.mouse.move(begin, y, steps=steps)
        shown, ended = page.evaluate("() => [window.shownMinutes.size, performance.now()]")
        page.mouse.up()
        expect(page.locator(SHOWN)).to_be_visible()
    return Scrubbed(asked, shown, ended - began)
