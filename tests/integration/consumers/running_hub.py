"""A hub in the threads of a test: an edge's outbox with its relay, ingest, and processes of consumers."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bus_schemas.event import Event
from consumers.alerting.alerts.questions import alerts
from consumers.engine import view_files
from consumers.engine.runner import run
from consumers.engine.view_files import NoView
from consumers.hub_config import HubConfig
from consumers.ingest import run as ingest_run
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.query_types import EventFilter, StoredEvent
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Draft
from producer.relay.relay import Relay
from tests.builders import thermal
from tests.following import hub_in

NAMES = ["health", "alerting", "alert_log"]


class Running:
    """The hub's ingest, an edge's outbox with its relay, and consumers, each in a thread of its own."""

    def __init__(self, data: Path, broker: BrokerAddress, stack: ExitStack) -> None:
        self.hub: HubConfig = hub_in(data)
        self._broker = broker
        self.port = broker.port
        self._stack = stack
        self._failed: list[BaseException] = []
        self.thread(lambda stopping: ingest_run(data, broker, stopping))
        self.outbox = stack.enter_context(Outbox(data / "node.sqlite", utc_now))
        self.relay = Relay(data / "node.sqlite", broker, utc_now)
        self.thread(self.relay.run)

    def thread(self, run_until: Any) -> Callable[[], None]:
        """Run it until the test ends, or what is returned is called, which waits for its end."""
        stopping = threading.Event()

        def body() -> None:
            try:
                run_until(stopping)
            except BaseException as error:
                self._failed.append(error)
                raise

        thread = threading.Thread(target=body)
        thread.start()

        def stop() -> None:
            stopping.set()
            thread.join(timeout=30)
            assert not thread.is_alive()

        self._stack.callback(stop)
        return stop

    def consume(self, names: list[str]) -> Callable[[], None]:
        return self.thread(lambda stopping: run(names, self.hub, self._broker, stopping))

    def put(self, *events: Event) -> None:
        self.outbox.put(*map(Draft, events), durable=True)
        self.relay.wake()

    def journal(self, *types: str) -> list[StoredEvent]:
        queries = JournalQueries(self.hub.data / "journal")
        try:
            return queries.select(EventFilter(types=types), limit=10_000)
        finally:
            queries.close()

    def alerts(self) -> list[Any]:
        try:
            view = view_files.open_view(self.hub.data, "alerting")
        except NoView:
            return []
        found = alerts(view)
        view.close()
        return list(found)


def hot(*temperatures: float) -> list[Event]:
    return [thermal(utc_now(), hottest=each) for each in temperatures]
