"""The whole product with its journal on a ClickHouse server."""

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from consumers.store.clickhouse.server import ServerEngine
from tests import forked
from tests.clickhouse_server import PASSWORD, ClickHouse
from tests.end_to_end.foreign_door import publish
from tests.eventually import eventually
from tests.product import ROOT, running

pytestmark = pytest.mark.end_to_end
SITE = "TEST"
DATABASE = "product_journal"


def write_config(folder: Path, clickhouse: ClickHouse) -> Path:
    journal = {
        "kind": "clickhouse",
        "port": clickhouse.server.port,
        "database": DATABASE,
        "user": clickhouse.server.user,
        "password_env": "WATCHPOST_TEST_CLICKHOUSE",
    }
    path = folder / "watchpost.yaml"
    path.write_text(yaml.safe_dump({"hub": {"journal": journal}, "sites": [{"site": SITE}]}))
    return path


def events(client: httpx.Client) -> list[Any]:
    answer = client.get("/api/v1/events", params={"site": SITE, "type": "detection", "limit": 100})
    return [entry["event"]["id"] for entry in answer.json()["events"]] if answer.status_code == 200 else []


def command(config: Path, data: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return forked.run(
        [sys.executable, "-m", "watchpost", *arguments, "--config", str(config), "--data", str(data)], 60, cwd=ROOT
    )


def follow(client: httpx.Client, *names: str) -> bool:
    """Whether these consumers have begun: a claim is held on the server, and may have to be waited for."""
    consumers = {one["name"]: one for one in client.get("/api/v1/consumers").json()["consumers"]}
    return all(consumers[name]["position"] for name in names)


def test_the_product_runs_on_a_journal_that_a_server_keeps(
    tmp_path: Path, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHPOST_TEST_CLICKHOUSE", PASSWORD)
    data, config, slice_ = tmp_path / "data", write_config(tmp_path, clickhouse), tmp_path / "slice"
    wanted = [f"door-{count}" for count in range(1, 61)]
    with running(data, ["--config", str(config)]) as (product, client):
        publish(data, range(1, 41))
        eventually(lambda: len(events(client)) == 40, 40, "the events")
        os.kill(product.processes()["ingest"]["pid"], signal.SIGKILL)

        def is_whole() -> bool:
            # The device keeps nothing, and for a while nobody listens: it says all of it until it was heard.
            publish(data, range(1, 61))
            return set(events(client)) == set(wanted)

        eventually(is_whole, 40, "all of it")
        assert sorted(events(client)) == sorted(wanted)
        system = client.get("/api/v1/system").json()
        assert f"/sites/{SITE}/devices/DOOR" in json.dumps(system)
        eventually(lambda: follow(client, "health", "alerting"), 60, "the views that are verified")
        assert product.stop() == 0

    assert not list((data / "journal").glob("*.sqlite"))
    verified = command(config, data, "verify", "journal", "health", "alerting", "--deep")
    exported = command(config, data, "export-log", str(slice_), "--from", "2026-01-01", "--to", "2199-01-01")
    with closing(ServerEngine(clickhouse.server)) as engine:
        engine.execute(f"drop database {DATABASE}")

    assert (verified.returncode, verified.stdout.splitlines()[-1:]) == (0, ["everything is as it should be"]), (
        verified.stderr
    )
    assert "no gap" in verified.stdout
    assert "health: equals the fold of the journal" in verified.stdout
    assert (exported.returncode, exported.stderr) == (0, "")
