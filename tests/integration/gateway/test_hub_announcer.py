"""The condition of the hub on the bus: what HTTP says of it, retained for who subscribes later."""

from pathlib import Path

import httpx

from bus_schemas.protocol import HubReport
from bus_schemas.topics import HUB_CONDITION
from producer.broker import BrokerAddress
from tests import builders
from tests.broker import Broker
from tests.eventually import eventually
from tests.integration.gateway.started import Filled, Started, a_busy_morning
from tests.retained_messages import retained


def report(address: BrokerAddress) -> HubReport | None:
    found = retained(address).get(HUB_CONDITION)
    return None if found is None else HubReport.model_validate_json(found)


def condition(client: httpx.Client) -> str:
    found: str = client.get("/api/v1/sites").json()["hub"]["condition"]
    return found


def test_who_subscribes_later_learns_how_the_hub_is_and_what_is_wrong_with_it(
    tmp_path: Path, own_broker: Broker
) -> None:
    address = BrokerAddress(port=own_broker.port)
    with Filled(tmp_path) as filled:
        filled.append(*a_busy_morning()).fold()
        with Started(filled.hub, address) as started, started.client() as client:
            before = eventually(lambda: report(address))
            assert (before.condition, before.problems) == (condition(client), ())
            fault = builders.fault(builders.at(601), part="exporter", kind="write_failed", reason="no room")
            filled.append(fault).fold()
            wrong = eventually(lambda: it if (it := report(address)) is not None and it.problems else None)
            found = (condition(client), tuple(client.get("/health").json()["problems"]))

    assert before.condition == "ok"
    assert (wrong.condition, wrong.problems) == found == ("error", ("exporter limps (write_failed)",))


def test_a_broker_that_has_forgotten_it_is_told_again(tmp_path: Path, own_broker: Broker) -> None:
    address = BrokerAddress(port=own_broker.port)
    with Filled(tmp_path) as filled:
        filled.append(*a_busy_morning()).fold()
        with Started(filled.hub, address):
            eventually(lambda: report(address))
            own_broker.kill()
            own_broker.start()

            assert eventually(lambda: report(address)).as_of == builders.at(600)
