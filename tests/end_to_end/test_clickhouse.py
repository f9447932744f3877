"""The whole product with its rows on a ClickHouse server."""

import os
import signal
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from consumers.store.clickhouse.engine import EngineError
from consumers.store.clickhouse.server import ServerEngine
from tests.clickhouse_server import PASSWORD, ClickHouse
from tests.end_to_end.foreign_door import SITE, publish
from tests.eventually import eventually
from tests.product import Product, running

ROWS = "select count(), uniqExact(event_id) from product_1.camera_events"

pytestmark = pytest.mark.end_to_end


def write_config(folder: Path, clickhouse: ClickHouse) -> Path:
    warehouse = {
        "kind": "clickhouse",
        "port": clickhouse.server.port,
        "database": "product",
        "user": clickhouse.server.user,
        "password_env": "WATCHPOST_TEST_CLICKHOUSE",
    }
    path = folder / "watchpost.yaml"
    path.write_text(yaml.safe_dump({"hub": {"warehouse": warehouse}, "sites": [{"site": SITE}]}))
    return path


def door(client: httpx.Client, day: str) -> Any:
    answer = client.get(f"/api/v1/dashboard/{SITE}", params={"date": day})
    return answer.json()["zones"].get("DOOR") if answer.status_code == 200 else None


def warehouse(client: httpx.Client) -> dict[str, Any]:
    consumers = client.get("/api/v1/consumers").json()["consumers"]
    [found] = [one for one in consumers if one["name"] == "warehouse"]
    return dict(found)


def rows(engine: ServerEngine) -> list[list[Any]]:
    """None before their writer has made the database: the dashboard does not wait for it."""
    try:
        return engine.query(ROWS)
    except EngineError as error:
        if "doesn't exist" in str(error) or "does not exist" in str(error):
            return []
        raise


def kill(product: Product, name: str) -> None:
    os.kill(product.processes()[name]["pid"], signal.SIGKILL)


def test_rows_are_on_the_server_once_each_although_their_writer_is_killed(
    tmp_path: Path, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHPOST_TEST_CLICKHOUSE", PASSWORD)
    data = tmp_path / "data"
    with running(data, ["--config", str(write_config(tmp_path, clickhouse))]) as (product, client):
        eventually(lambda: client.get(f"/api/v1/dashboard/{SITE}").status_code == 200, 60, "a dashboard")
        day = datetime.now(UTC).date().isoformat()
        publish(data, range(1, 41))
        eventually(lambda: door(client, day) == {"peak": 40, "events": 40, "intensity": "high"}, 60, "the dashboard")
        publish(data, range(41, 61))
        kill(product, "warehouse")
        publish(data, range(61, 81))

        eventually(lambda: door(client, day) == {"peak": 80, "events": 80, "intensity": "high"}, 60, "each once")
        with closing(ServerEngine(clickhouse.server)) as engine:
            eventually(lambda: rows(engine) == [[80, 80]], 90, "the rows")
        assert eventually(lambda: warehouse(client)["state"] == "running", 30)
        assert not (data / "warehouse").exists()
        assert product.stop() == 0

    with closing(ServerEngine(clickhouse.server)) as engine:
        assert engine.query(ROWS) == [[80, 80]]
        for name in ("product_1", "product"):
            engine.execute(f"drop database {name}")
