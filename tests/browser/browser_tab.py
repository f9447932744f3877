"""A browser tab whose every complaint is kept: console errors, uncaught errors, failed requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

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
def launched() -> Iterator[Browser]:
    """Debian's Chromium where it is installed."""
    installed = Path("/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=installed if installed.exists() else None,
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        yield browser
        browser.close()


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
