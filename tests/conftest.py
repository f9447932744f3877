"""Servers that many tests share: missing ones skip at the desk and fail in CI."""

import gc
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import settings

from mosquitto.launcher import BrokerMissing, mosquitto_path
from producer.library_threads import limit_library_threads
from tests.broker import Broker
from tests.paho_sockets import close_when_stopped
from tests.required import missing
from tools.lanes import CPU_S

if TYPE_CHECKING:
    from tests.clickhouse_server import ClickHouse

# No test fails on a clock, and a machine under load is slow at times.
settings.register_profile("desk", deadline=None)
# A build is red for what was changed, not for what chance brought today.
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
# What ./dev test quick asks for, with the same examples each time.
settings.register_profile("quick", deadline=None, derandomize=True, database=None, max_examples=25)

# As each process of the product does, and for its reason: workers of OpenCV that wait compute.
limit_library_threads()

# Imports and collection make many objects and hardly any garbage; see `pytest_collection_finish`.
gc.disable()

close_when_stopped()

_BEFORE = pytest.StashKey[float]()
ORDER = ("unit", "contract", "integration", "faults", "end_to_end", "browser")

STARTING = {"broker", "own_broker", "clickhouse", "kept_open", "tree"}
"""Fixtures that start a server, a ClickHouse in this process, or processes on a copy of the tree. Who asks for one by
its name marks the parameter.
"""


@pytest.hookimpl(tryfirst=True)  # before those are left out that have a mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick ones first. The browser is last: playwright leaves an event loop running in this thread until it ends."""
    for item in items:
        if STARTING & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.processes)
    items.sort(key=lambda item: next((ORDER.index(part) for part in item.path.parts if part in ORDER), -1))


def pytest_collection_finish() -> None:
    """What was collected stays until the end, and is not looked through again."""
    gc.freeze()
    gc.enable()


def _cpu_s() -> float:
    """What this process has computed, and those that it has started and waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    item.stash[_BEFORE] = _cpu_s()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With the last report of a test goes what it computed, for the summary of `tools/lanes.py`."""
    if call.when == "teardown":
        item.user_properties.append((CPU_S, round(_cpu_s() - item.stash[_BEFORE], 3)))
    return (yield)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A test that configures logging names a stream that ends with it, and would fail the next one that logs."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """A command that runs in this process blocks signals; what a later test starts would inherit that, and not end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.fixture(scope="module")
def kept_open(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory of chDB for all tests of a module: every time that it starts anew it leaves files open behind."""
    from consumers.store.clickhouse.embedded import EmbeddedEngine  # takes a second, and only some tests need it

    directory = tmp_path_factory.mktemp("chdb")
    with closing(EmbeddedEngine(directory)):
        yield directory


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A mosquitto for the tests of a module that only talk through it; who kills or freezes one takes `own_broker`.

    What one module leaves behind in retained messages, such as the state of its agents, is no other's concern.
    """
    yield from _running(tmp_path_factory.mktemp("broker"))


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    """A mosquitto for one test, which may kill, freeze and restart it."""
    yield from _running(tmp_path / "broker")


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[ClickHouse]":
    """A ClickHouse server; who takes it leaves it empty."""
    # Its driver computes all dates when it is imported: a third of what each process of pytest spent on this file.
    from tests.clickhouse_server import ClickHouse, ClickHouseMissing, clickhouse_path

    try:
        clickhouse_path()
    except ClickHouseMissing as absent:
        missing(str(absent))
    with ClickHouse(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server


def _running(directory: Path) -> Iterator[Broker]:
    try:
        mosquitto_path()
    except BrokerMissing as absent:
        missing(str(absent))
    with Broker(directory) as broker:
        yield broker
