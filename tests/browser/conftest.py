"""A browser, and the address of the page it opens."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from playwright.sync_api import Browser, expect

from tests.browser.browser_tab import WITHOUT_WINDOWS, launched, started
from tests.browser.film import Recorded, record
from tests.browser.scripted_product import Day, ScriptedProduct, a_hot_day, start_scripted
from tests.eventually import eventually
from tests.product import running
from watchpost.configuration import demo

DEVICES = {"GATE", "TRANSFORMER"}
"""A camera with sound, a detector and a zone; and a camera with a thermal sensor."""

# How long a machine that is busy with other tests may take to show what is right.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cameras of the demo site compute as long as it runs: those who look at it are the last, one after the other."""
    items.sort(key=lambda item: "page_address" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two devices of the demo site, and their first minute of pictures; or the product that WATCHPOST_URL names."""
    given = os.environ.get("WATCHPOST_URL")
    if given:
        yield given.rstrip("/")
        return
    folder = tmp_path_factory.mktemp("demo")
    with running(folder / "data", ["--config", str(_two_devices(folder / "watchpost.yaml"))]) as (_, client):
        eventually(lambda: _states(client).strip(b"\0"), 120, "a closed minute with pictures")
        eventually(lambda: _follow(client), 120, "all views")
        yield str(client.base_url).rstrip("/")


@pytest.fixture(scope="session")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedProduct]:
    """A product of which the tests tell what happens."""
    with start_scripted(tmp_path_factory.mktemp("told")) as scripted:
        yield scripted


@pytest.fixture(scope="session")
def day(scripted: ScriptedProduct) -> Day:
    """What happened to its one device."""
    return a_hot_day(scripted)


@pytest.fixture(scope="session")
def recorded(scripted: ScriptedProduct) -> Recorded:
    """Two minutes of two cameras of it."""
    return record(scripted)


def _two_devices(path: Path) -> Path:
    """The configuration of the demo without what only repeats them: a drawn camera computes as long as it runs."""
    whole = demo.config().model_dump(mode="json", exclude_defaults=True)
    for site in whole["sites"]:
        site["devices"] = [device for device in site["devices"] if device["device"] in DEVICES]
    path.write_text(yaml.safe_dump(whole))
    return path


def _states(client: httpx.Client) -> bytes:
    """Two bits a minute; 0 is a minute without data. Nothing where the views do not know the site yet."""
    answer = client.get("/api/v1/timeline/DEMO")
    if answer.status_code in (404, 503):
        return b""
    return base64.b64decode(answer.raise_for_status().json()["states"])


def _follow(client: httpx.Client) -> bool:
    """Whether each view is there: they begin one after the other, and answer 503 before."""
    consumers = client.get("/api/v1/consumers").raise_for_status().json()["consumers"]
    return all(one["position"] for one in consumers if one["kind"] == "projection")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with launched(WITHOUT_WINDOWS) as browser:
        yield browser


@pytest.fixture
def whole_browser(browser: Browser) -> Iterator[Browser]:
    """The Chromium that people have, with its windows."""
    with started(browser.browser_type) as whole:
        yield whole
