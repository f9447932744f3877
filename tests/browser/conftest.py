"""A browser, and the address of the page it opens."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.eventually import eventually
from tests.product import running


@pytest.fixture(scope="session")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo site, a minute old; or the running product that WATCHPOST_URL names."""
    given = os.environ.get("WATCHPOST_URL")
    if given:
        yield given.rstrip("/")
        return
    with running(tmp_path_factory.mktemp("demo") / "data") as (_, client):
        eventually(lambda: client.get("/api/v1/timeline/DEMO").json()["newest"], 120, "a closed minute")
        yield str(client.base_url).rstrip("/")


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
