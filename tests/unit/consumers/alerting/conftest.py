"""Alerting, followed over a journal in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.alerting.projection import AlertingProjection
from tests.following import Followed, hub_in


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    hub = hub_in(tmp_path)
    with Followed(AlertingProjection(), hub.data) as it:
        yield it
