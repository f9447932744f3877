"""A browser tab whose every complaint is kept: console errors, uncaught errors, failed requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from playwright.sync_api import Browser, BrowserType, ConsoleMessage, Page, Request, Response, sync_playwright

WITHOUT_WINDOWS = Path("/usr/bin/chromium-headless-shell")
"""Debian's Chromium without what draws the windows that nobody sees: it computes a third less."""
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required")
_FOLLOW = """async (addresses) => {
    for (const address of addresses) {
        const link = document.createElement('a');
        link.href = address;
        document.querySelector('.shell').append(link);
        link.click();
        link.remove();
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    }
}"""
NOWHERE = "/nowhere"
LEFT_BEHIND = "net::ERR_ABORTED"  # a moving picture or a live stream that the page itself has closed


@dataclass
class Complaints:
    messages: list[str] = field(default_factory=list)

    def from_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.messages.append(f"console: {message.text}")

    def from_request(self, request: Request) -> None:
        if LEFT_BEHIND not in (request.failure or ""):
            self.messages.append(f"request: {request.url} {request.failure}")

    def from_response(self, response: Response) -> None:
        if response.status >= 400:
            self.messages.append(f"response: {response.status} {response.url}")


@contextmanager
def launched(*preferred: Path) -> Iterator[Browser]:
    """The first of these that is installed, else Debian's Chromium, else what playwright has brought."""
    with sync_playwright() as playwright, started(playwright.chromium, *preferred) as browser:
        yield browser


@contextmanager
def started(kind: BrowserType, *preferred: Path) -> Iterator[Browser]:
    """As `launched`, beside a browser that runs."""
    installed = next((path for path in (*preferred, CHROMIUM) if path.exists()), None)
    browser = kind.launch(executable_path=installed, args=ARGUMENTS)
    yield browser
    browser.close()


def visit(page: Page, address: str) -> None:
    """As a link in the page leads there: loading it anew takes the browser ten times as long. By way of an address at
    which there is no view, so that nothing of the one before is taken for the next.
    """
    parts = urlsplit(address)
    if not page.url.startswith(f"{parts.scheme}://{parts.netloc}/"):
        page.goto(address)
        return
    page.evaluate(_FOLLOW, [NOWHERE, urlunsplit(("", "", *parts[2:]))])


@contextmanager
def watched_page(browser: Browser, width: int, scheme: str = "dark") -> Iterator[tuple[Page, Complaints]]:
    height = 900 if width > 800 else 844
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="light" if scheme == "light" else "dark",
        reduced_motion="reduce",
        has_touch=width < 800,
    )
    complaints = Complaints()
    page = context.new_page()
    page.on("console", complaints.from_console)
    page.on("pageerror", lambda error: complaints.messages.append(f"error: {error}"))
    page.on("requestfailed", complaints.from_request)
    page.on("response", complaints.from_response)
    try:
        yield page, complaints
    finally:
        context.close()
