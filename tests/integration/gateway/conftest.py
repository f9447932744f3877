"""One gateway for every test that only reads, and for the sweeps one that has something of each kind."""

from collections.abc import Iterator

import httpx
import pytest

from gateway.app import operations
from gateway.server import stores_of
from tests.builders import numbered
from tests.integration.gateway.each_kind import each_kind_started
from tests.integration.gateway.known_values import Known
from tests.integration.gateway.started import Filled, Started, a_busy_morning, pictures


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with Filled(tmp_path_factory.mktemp("data")) as filled:
        filled.append(*numbered(a_busy_morning())).store(*pictures()).reject("type is missing")
        yield filled.fold()


@pytest.fixture(scope="module")
def started(filled: Filled) -> Iterator[Started]:
    # chDB holds one directory a process, which other modules need as well.
    with Started(filled.hub, stores=stores_of(filled.hub)) as started:
        yield started


@pytest.fixture(scope="module")
def client(started: Started) -> Iterator[httpx.Client]:
    with started.client() as client:
        yield client


@pytest.fixture(scope="module")
def each_kind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with each_kind_started(tmp_path_factory.mktemp("each-kind")) as started:
        yield started


@pytest.fixture(scope="module")
def sweeping(each_kind: Started) -> Iterator[httpx.Client]:
    with each_kind.client() as client:
        yield client


@pytest.fixture(scope="module")
def known(sweeping: httpx.Client) -> Known:
    return Known(sweeping, operations())
