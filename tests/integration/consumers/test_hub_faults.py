"""Faults on their way: from a process of the hub over a real broker into the journal."""

from pathlib import Path

from bus_schemas.event import HUB_SOURCE
from bus_schemas.hub import FaultEvent
from consumers.hub_faults import FaultReporter
from consumers.ingest.faults import CLEAR_AFTER_S
from producer.broker import BrokerAddress
from tests.broker import Broker
from tests.eventually import eventually
from tests.running_ingest import journaled, rejections, running_ingest


def reported(data: Path) -> list[tuple[str, str, str]]:
    events = [event for event in journaled(data, FaultEvent) if isinstance(event, FaultEvent)]
    assert {event.source for event in events} <= {HUB_SOURCE}
    return [(event.data.part, event.data.kind, event.data.state) for event in events]


def test_what_a_process_raises_and_clears_is_in_the_journal(own_broker: Broker, tmp_path: Path) -> None:
    address = BrokerAddress(port=own_broker.port)
    with running_ingest(tmp_path, address), FaultReporter("alerts", address) as reporter:
        reporter.raise_fault("incidents", "system_error", "An event was set aside.")
        eventually(lambda: reported(tmp_path) == [("incidents", "system_error", "raised")])
        reporter.clear_fault("incidents", "system_error")
        eventually(lambda: len(reported(tmp_path)) == 2, within=CLEAR_AFTER_S + 10)

    assert reported(tmp_path)[1] == ("incidents", "system_error", "cleared")
    assert rejections(tmp_path) == []


def test_a_fault_that_was_raised_while_ingest_was_away_is_told_when_it_is_back(
    own_broker: Broker, tmp_path: Path
) -> None:
    address = BrokerAddress(port=own_broker.port)
    with FaultReporter("alerts", address) as reporter:
        reporter.raise_fault("incidents", "system_error", "An event was set aside.")
        eventually(lambda: reporter.broker_silent_s() < 1)
        with running_ingest(tmp_path, address):
            eventually(lambda: len(reported(tmp_path)) == 1)


def test_another_hub_at_the_same_broker_is_a_fault_of_both(own_broker: Broker, tmp_path: Path) -> None:
    address = BrokerAddress(port=own_broker.port)
    hubs = tmp_path / "one", tmp_path / "other"
    with running_ingest(hubs[0], address), running_ingest(hubs[1], address):
        for hub in hubs:
            eventually(lambda data=hub: ("broker", "system_error", "raised") in reported(data), 30)  # type: ignore[misc]  # mypy cannot infer a lambda with defaults

    reasons = [event.data.reason for event in journaled(hubs[0], FaultEvent) if isinstance(event, FaultEvent)]
    assert any("Another hub takes in what is sent to this broker too" in str(reason) for reason in reasons)
