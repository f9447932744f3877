"""The same consumers from two command lines: the second says who is there, and ends."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from consumers.store.clickhouse.server import ServerEngine
from mosquitto.launcher import free_port
from tests.clickhouse_server import PASSWORD, ClickHouse
from tests.eventually import eventually
from tests.forked import Forked
from tests.product import ROOT

DATABASES = ("claims_journal", "claims_rows")
REFUSED = 2


class Consume:
    """`watchpost consume`, and what it says."""

    def __init__(self, config: Path, data: Path, *names: str) -> None:
        command = [sys.executable, "-m", "watchpost", "consume", *names, "--config", str(config), "--data", str(data)]
        self._process = Forked(
            [*command, "--mqtt-port", str(free_port()), "--log-format", "json"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        self.lines.extend(self._process.stderr)

    def follows(self) -> "Consume":
        eventually(lambda: [line for line in self.lines if "follows the journal" in line], 120, str(self.lines))
        return self

    def ended(self) -> tuple[int, str]:
        """Its exit code and last line."""
        code = self._process.wait(120)
        self._reader.join()
        return code, self.lines[-1]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def __enter__(self) -> "Consume":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def configured(folder: Path, hub: dict[str, object]) -> Path:
    path = folder / "watchpost.yaml"
    path.write_text(yaml.safe_dump({"hub": hub, "sites": [{"site": "TEST"}]}))
    return path


def server(clickhouse: ClickHouse, database: str) -> dict[str, object]:
    return {
        "kind": "clickhouse",
        "port": clickhouse.server.port,
        "database": database,
        "user": clickhouse.server.user,
        "password_env": "WATCHPOST_TEST_CLICKHOUSE",
    }


@pytest.fixture
def served(clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClickHouse]:
    monkeypatch.setenv("WATCHPOST_TEST_CLICKHOUSE", PASSWORD)
    yield clickhouse
    with closing(ServerEngine(clickhouse.server)) as engine:
        for (name,) in engine.query("select name from system.databases"):
            if str(name).startswith(DATABASES):
                engine.execute(f"drop database {name}")


def test_the_same_consumer_twice_in_one_data_directory_is_refused(tmp_path: Path) -> None:
    config, data = configured(tmp_path, {}), tmp_path / "data"
    with Consume(config, data, "alerting", "settings").follows() as first:
        with Consume(config, data, "health", "settings") as second:
            code, last = second.ended()
        with Consume(config, data, "health") as beside:
            beside.follows()
        first.kill()
        with Consume(config, data, "health", "settings") as after:
            after.follows()

    assert code == REFUSED
    assert last.startswith(f"the consumer settings runs already: process {first.pid} on ")


def test_the_same_consumer_from_another_data_directory_is_refused_where_a_server_keeps_the_journal(
    tmp_path: Path, served: ClickHouse
) -> None:
    config = configured(tmp_path, {"journal": server(served, DATABASES[0])})
    here, there = tmp_path / "here", tmp_path / "there"
    with Consume(config, here, "alerting", "settings").follows() as first:
        with Consume(config, there, "alerting") as second:
            code, last = second.ended()
        first.kill()
        # Nobody but one of the same data directory knows that it is gone.
        with Consume(config, there, "alerting") as too_early:
            early, _ = too_early.ended()
        with Consume(config, here, "alerting") as again:
            again.follows()

    assert code == early == REFUSED
    assert last.startswith(f"the consumer alerting runs already: process {first.pid} on ")
    assert f"with the data directory {here}, since 20" in last


def test_the_writer_of_rows_runs_once_also_for_hubs_of_their_own(tmp_path: Path, served: ClickHouse) -> None:
    config = configured(tmp_path, {"warehouse": server(served, DATABASES[1])})
    here, there = tmp_path / "here", tmp_path / "there"
    for data in (here, there):
        (data / "journal").mkdir(parents=True)
    with Consume(config, here, "warehouse").follows() as first:
        refusals = []
        for data in (here, there):
            with Consume(config, data, "warehouse") as second:
                refusals.append(second.ended())
        assert first.follows()

    assert [code for code, _ in refusals] == [REFUSED, REFUSED]
    assert all(f"the consumer warehouse runs already: process {first.pid} on" in last for _, last in refusals)
