"""An intake whose calls are kept."""

import pytest

from consumers.ingest.counters import IngestCounters
from consumers.ingest.intake import Intake
from tests.intake_calls import NOW, Calls, clock


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def intake(calls: Calls) -> Intake:
    return Intake(calls, calls, clock, IngestCounters(clock, NOW))
