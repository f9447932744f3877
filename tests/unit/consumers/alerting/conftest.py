"""Alerting, followed over a journal in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.alerting.projection import AlertingProjection
from consumers.hub_config import HubConfig
from tests.following import Followed, hub_in


@pytest.fixture
def hub(tmp_path: Path) -> HubConfig:
    return hub_in(tmp_path)


@pytest.fixture
def followed(hub: HubConfig) -> Iterator[Followed]:
    with Followed(AlertingProjection(), hub.data) as it:
        yield it
