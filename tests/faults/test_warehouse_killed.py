"""A fold that is killed wherever it just is, at times in the middle of an insert."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from consumers.store.clickhouse.server import ServerEngine
from consumers.views.warehouse.fold import Fold
from consumers.views.warehouse.store import Generations
from tests.clickhouse_server import ClickHouse
from tests.faults.warehouse_fold import EVENTS, engine_of, journal
from tests.forked import Forked


@pytest.fixture(params=["chdb", "server"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "chdb":
        yield str(tmp_path / "warehouse")
        return
    clickhouse: ClickHouse = request.getfixturevalue("clickhouse")
    yield json.dumps(asdict(clickhouse.server))
    with closing(ServerEngine(clickhouse.server)) as engine:
        for name in ("warehouse_1", "warehouse"):
            engine.execute(f"drop database if exists {name}")


@contextmanager
def folding(where: str) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-m", "tests.faults.warehouse_fold", where]
    with Forked(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_what_a_killed_fold_left_behind_is_counted_once(where: str) -> None:
    for blocks in (1, 6, 1, 6):
        with folding(where) as process:
            assert process.stdout is not None
            for _ in range(blocks):
                assert process.stdout.readline()
            process.send_signal(signal.SIGKILL)

    with closing(engine_of(where)) as engine:
        fold = Fold(journal(), Generations(engine, None).current())
        begun = fold.position
        while fold.advance():
            pass
        detections = engine.query("select count(), uniqExact(event_id) from camera_events")
        readings = engine.query("select count(), uniqExact(event_id) from thermal_readings")

    assert 0 < begun < EVENTS
    assert detections == [[EVENTS // 2, EVENTS // 2]]
    assert readings == [[EVENTS // 2 * 3, EVENTS // 2]]
