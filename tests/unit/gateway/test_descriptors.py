"""A gateway without file descriptors says so over the connections that it has."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from consumers.hub_faults import FaultReporter
from gateway.descriptors import HOLDS_S, DescriptorWatch, has_spare
from gateway.reading.readers import FEWEST_CONNECTIONS, affordable_connections


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Those that are open stay open, and there is none for one more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_there_is_a_spare_descriptor_where_the_limit_is_not_reached() -> None:
    assert has_spare()


def test_there_is_none_where_the_limit_is_reached() -> None:
    with no_descriptors():
        found = has_spare()

    assert not found


def test_a_moment_without_one_is_a_fault_until_it_is_over_for_a_while() -> None:
    faults, now, spare = FaultReporter("gateway", None), 100.0, True
    watch = DescriptorWatch(lambda: spare, lambda: now)
    watch.look()
    watch.report(faults)
    assert not faults.faults

    spare = False
    watch.look()
    spare = True
    watch.look()
    watch.report(faults)
    [fault] = faults.faults
    assert (fault.part, fault.kind) == ("gateway", "system_error")
    assert fault.reason.startswith("The gateway has no free file descriptor")

    now += HOLDS_S
    watch.report(faults)
    assert not faults.faults


@pytest.mark.parametrize(("limit", "allowed"), [(8192, 500), (1024, 484), (600, 60), (64, FEWEST_CONNECTIONS)])
def test_no_more_connections_are_let_in_than_there_are_descriptors_for(limit: int, allowed: int) -> None:
    assert affordable_connections(500, 412, limit) == allowed
