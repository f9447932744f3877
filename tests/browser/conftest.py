"""A browser, and the address of the page it opens."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def page_address() -> str:
    address = os.environ.get("WATCHPOST_URL")
    if address:
        return address.rstrip("/")
    if os.environ.get("CI"):
        pytest.fail("WATCHPOST_URL names no running product")
    pytest.skip("WATCHPOST_URL names no running product")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    installed = Path("/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=installed if installed.exists() else None,
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        yield browser
        browser.close()
