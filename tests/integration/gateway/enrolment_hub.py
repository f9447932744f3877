"""A gateway that enrols agents over a real broker, with an ingest that takes what it publishes."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bus_schemas.codec import decode
from bus_schemas.event import GATEWAY, Event
from consumers.ingest.registry import ConfiguredDevice, ConfiguredSite
from edge.agent.enrolment.client import password_hash
from gateway.agents.accounts import Accounts
from gateway.agents.service import AgentsSettings, CheckedConfiguration
from producer.broker import BrokerAddress
from tests.broker import Broker
from tests.builders import SITE
from tests.integration.gateway.peer import Peer
from tests.integration.gateway.started import Filled, Started

PATH = "/api/v1/enrolments"
HASH = password_hash("secret")
ON_THE_HUB = f"{SITE}/gate"


def check(node: str, text: str) -> CheckedConfiguration:
    """The text is a list of the names of its devices."""
    devices = tuple(ConfiguredDevice(name, name) for name in json.loads(text))
    return CheckedConfiguration(text, (ConfiguredSite(SITE, "Demo yard", devices=devices),))


class Hub:
    """The gateway with an ingest beside it, as far as agents are concerned."""

    def __init__(self, filled: Filled, started: Started, peer: Peer, client: httpx.Client) -> None:
        self.filled, self.started, self.client = filled, started, client
        self._peer = peer
        self._taken = 0

    @property
    def folder(self) -> Path:
        return self.filled.hub.data / "agents"

    def ask(self, method: str, path: str, body: dict[str, Any], *, journal: bool = True) -> httpx.Response:
        """Events come into the journal meanwhile, unless it is away."""
        answers: list[httpx.Response] = []
        asking = threading.Thread(target=lambda: answers.append(self.client.request(method, path, json=body)))
        asking.start()
        while asking.is_alive():
            if journal:
                self.take()
            asking.join(0.02)
        return answers[0]

    def take(self) -> None:
        received = self._peer.received[self._taken :]
        self._taken += len(received)
        for payload in received:
            self.filled.append(*(event for event in decode(payload) if isinstance(event, Event))).fold()

    def say(self, event: Event) -> None:
        self.filled.append(event).fold()

    def configure(self, node: str, *devices: str) -> httpx.Response:
        return self.ask("PUT", f"{PATH}/{node}/configuration", {"by": "ada", "configuration": json.dumps(devices)})

    def code(self, node: str) -> str:
        answer = self.ask("POST", f"{PATH}/{node}/code", {"by": "ada"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])

    def enrol(self, code: str, *, journal: bool = True, **more: str) -> httpx.Response:
        return self.ask("POST", "/api/v1/enrol", {"code": code, "password_hash": HASH, **more}, journal=journal)

    def agent(self, node: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"{PATH}/{node}").json()
        return found

    def access(self) -> str:
        return (self.folder / "accounts" / "acl").read_text()


@contextmanager
def enrolment_hub(broker: Broker, data: Path) -> Iterator[Hub]:
    settings = AgentsSettings(data / "agents" / "accounts", 8884, check, of_the_hub=frozenset({ON_THE_HUB}))
    Accounts(settings.accounts).begin()
    with (
        Filled(data) as filled,
        Peer(broker, f"watchpost/v1/+/{GATEWAY}/event/#") as peer,
        Started(filled.fold().hub, BrokerAddress(port=broker.port), agents=settings) as started,
        started.client() as client,
    ):
        started.wait_for(lambda: started.gateway.bus.is_connected)
        yield Hub(filled, started, peer, client)
