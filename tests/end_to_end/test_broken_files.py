"""Files of the data directory break under the running product, each in another way: it heals, and says what it lost."""

import os
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest

from consumers.engine import view_files
from tests.broken_files import WAYS, is_written_back
from tests.eventually import eventually
from tests.product import Product, running

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(400)]
HEALS_WITHIN_S = 120.0


def consumers_of(client: httpx.Client) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in client.get("/api/v1/consumers").json()["consumers"]}


def broken_views(data: Path) -> dict[str, Path]:
    """Each consumer's file breaks in the next way; what it was before."""
    before = {}
    for link, way in zip(sorted((data / "views").glob("*.sqlite")), cycle(WAYS.values()), strict=False):
        if link.is_symlink():
            file = before[link.stem] = view_files.file_of(data, link.stem) or link
            is_written_back(file)
            way(file)
    return before


def is_healed(data: Path, name: str, before: Path) -> bool:
    """It is another file, or the same one where what its consumer had in memory has written it again."""
    file = view_files.file_of(data, name)
    return file is not None and file.is_file() and (file != before or not (data / "views" / f"{name}.suspect").exists())


@pytest.fixture
def product(tmp_path: Path) -> Iterator[tuple[Product, httpx.Client]]:
    with running(tmp_path) as found:
        yield found


def test_whatever_file_breaks_the_product_goes_on_and_says_which(product: tuple[Product, httpx.Client]) -> None:
    hub, client = product
    data = hub.data
    eventually(lambda: client.get("/api/v1/alerts").status_code == 200, HEALS_WITHIN_S, "alerts are answered")
    eventually(lambda: all(one["position"] for one in consumers_of(client).values()), HEALS_WITHIN_S, "all have begun")
    agent = next(row["pid"] for name, row in hub.processes().items() if name.startswith("edge"))
    [outbox] = (data / "outbox").glob("*.sqlite")

    before = broken_views(data)
    for name in ("journal/registry.json", "journal/faults.json"):
        (data / name).write_bytes(b"\xff no JSON [")
    os.truncate(outbox, 0)
    statuses = {client.get(path).status_code for path in ("/api/v1/sites", "/api/v1/alerts", "/api/v1/dashboard/DEMO")}

    assert statuses <= {200, 503}
    eventually(
        lambda: [name for name, file in before.items() if not is_healed(data, name, file)] == [],
        HEALS_WITHIN_S,
        "every view is whole",
    )
    eventually(
        lambda: {one["state"] for one in consumers_of(client).values()} <= {"running", "limping"},
        HEALS_WITHIN_S,
        "every consumer is at the head",
    )
    eventually(lambda: outbox.with_suffix(".broken").exists(), HEALS_WITHIN_S, "the outbox is set aside")
    assert {client.get(path).status_code for path in ("/api/v1/sites", "/api/v1/alerts")} == {200}
    assert hub.processes()[next(name for name in hub.processes() if name.startswith("edge"))]["pid"] == agent
    log = "\n".join(hub.lines)
    assert "alerting.1.sqlite cannot be read" in log
    assert "is folded again from the journal" in log
    assert hub.stop() == 0
