"""The whole product with its rows on a ClickHouse server."""

import json
import os
import signal
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from consumers.store.clickhouse.server import ServerEngine
from tests.clickhouse_server import PASSWORD, ClickHouse
from tests.eventually import eventually
from tests.product import Product, running

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(200)]
SITE = "TEST"


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


def publish(data: Path, people: range) -> None:
    """A detection by each number of people."""
    config = (data / "broker" / "mosquitto.conf").read_text()
    port = next(line.split()[1] for line in config.splitlines() if line.startswith("listener "))
    events = [
        {
            "specversion": "1.0",
            "id": f"door-{count}",
            "source": f"/sites/{SITE}/devices/DOOR",
            "type": "watchpost.detection.v1",
            "time": datetime.now(UTC).isoformat(),
            "data": {"people_count": count, "event_triggers": ["CROWD_VIOLATION"]},
        }
        for count in people
    ]
    command = ["mosquitto_pub", "-p", port, "-q", "1", "-t", f"watchpost/v1/{SITE}/DOOR/event/detection", "-l"]
    subprocess.run(command, input="\n".join(map(json.dumps, events)) + "\n", text=True, check=True, timeout=20)


def door(client: httpx.Client, day: str) -> Any:
    answer = client.get(f"/api/v1/dashboard/{SITE}", params={"date": day})
    return answer.json()["zones"].get("DOOR") if answer.status_code == 200 else None


def warehouse(client: httpx.Client) -> dict[str, Any]:
    consumers = client.get("/api/v1/consumers").json()["consumers"]
    [found] = [one for one in consumers if one["name"] == "warehouse"]
    return dict(found)


def kill(product: Product, name: str) -> None:
    os.kill(product.processes()[name]["pid"], signal.SIGKILL)


def test_a_dashboard_is_counted_on_the_server_and_the_writer_may_be_killed(
    tmp_path: Path, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHPOST_TEST_CLICKHOUSE", PASSWORD)
    data = tmp_path / "data"
    with running(data, ["--config", str(write_config(tmp_path, clickhouse))]) as (product, client):
        eventually(lambda: client.get(f"/api/v1/dashboard/{SITE}").status_code == 200, 30)
        day = datetime.now(UTC).date().isoformat()
        publish(data, range(1, 41))
        eventually(lambda: door(client, day) == {"peak": 40, "events": 40, "intensity": "high"}, 20, "the dashboard")
        publish(data, range(41, 61))
        kill(product, "warehouse")
        publish(data, range(61, 81))

        eventually(lambda: door(client, day) == {"peak": 80, "events": 80, "intensity": "high"}, 40, "each once")
        assert eventually(lambda: warehouse(client)["state"] == "running", 10)
        assert not (data / "warehouse").exists()
        assert product.stop() == 0

    with closing(ServerEngine(clickhouse.server)) as engine:
        assert engine.query("select count(), uniqExact(event_id) from product_1.camera_events") == [[80, 80]]
        for name in ("product_1", "product"):
            engine.execute(f"drop database {name}")
