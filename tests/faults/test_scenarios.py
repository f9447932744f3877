"""The quick scenarios from fixed seeds; `./dev faults` runs all of them from as many as one likes."""

import json
from pathlib import Path

import pytest

from tests.broker import Broker
from tests.faults.run import run_one
from tests.faults.scenarios.table import SCENARIOS

QUICK = [name for name, scenario in SCENARIOS.items() if scenario.quick]


@pytest.mark.parametrize("name", QUICK)
def test_nothing_is_lost_doubled_or_different(broker: Broker, name: str, tmp_path: Path) -> None:
    outcome = run_one(name, 1, tmp_path)

    assert outcome.verdict.fine, "\n".join([outcome.line(), *outcome.verdict.words, *outcome.notes])
    assert outcome.verdict.events > 100
    assert outcome.faults > 0
    assert json.loads(outcome.json())["verdict"]["gaps"] == outcome.verdict.gaps
