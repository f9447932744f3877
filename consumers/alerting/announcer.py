"""The sink that publishes the condition of each device in retained messages, for programs that only subscribe.

The broker may forget what it retains. So all is said again on every connection and every half minute, also that a
device is not there any more.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

from paho.mqtt.client import Client
from paho.mqtt.reasoncodes import ReasonCode

from bus_schemas.alert import IncidentEvent
from bus_schemas.event import RESERVED, Event, device_source
from bus_schemas.protocol import DeviceReport
from bus_schemas.topics import condition_topic
from consumers.alerting.conditions import DeviceCondition, conditions
from consumers.alerting.projection import AlertingProjection
from consumers.engine import checkpoint
from consumers.engine.sink import Sink
from consumers.engine.view_files import NoView, Views
from consumers.store.journal.record import DeviceKey, Recorded
from producer.ids import Clock, utc_now
from producer.mqtt import background_client

AGAIN_S: Final = 30.0
KEEPALIVE_S: Final = 20


class ConditionAnnouncer(Sink):
    """Its state is of which devices it has ever said something. Incidents wake it; what it says is in the view."""

    name: ClassVar[str] = "conditions"
    models: ClassVar[tuple[type[Event], ...]] = (IncidentEvent,)
    schema: ClassVar[str] = """
    create table if not exists announced (
        site text not null, device text not null, primary key (site, device)
    ) strict, without rowid;
    """
    pace_s: ClassVar[float] = 0.0

    def __init__(self, data: Path, clock: Clock = utc_now, seconds: Callable[[], float] = time.monotonic) -> None:
        self._data = data
        self._clock = clock
        self._seconds = seconds
        self._views: Views | None = None
        self._client: Client | None = None
        self._connected = threading.Event()
        self._said: dict[DeviceKey, DeviceCondition | None] = {}
        self._next_round = 0.0

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        return ()

    def idle(self, state: sqlite3.Connection) -> None:
        """Say what changed; after a while, or to a broker that may have forgotten it, everything."""
        if self.broker is None:
            return
        client = self._client = self._client or self._connect()
        if not client.is_connected():
            return
        known = self._known()
        if known is None:
            return
        if self._connected.is_set() or self._seconds() >= self._next_round:
            self._connected.clear()
            self._said.clear()
            self._next_round = self._seconds() + AGAIN_S
            if self._views is not None:
                self._views.close_removed()
        self._say(client, state, known)

    def _say(self, client: Client, state: sqlite3.Connection, known: Mapping[DeviceKey, DeviceCondition]) -> None:
        gone = [(site, device) for site, device in state.execute("select site, device from announced")]
        now = self._clock()
        for where in dict.fromkeys([*known, *gone]):
            condition = known.get(where)
            if where in self._said and self._said[where] == condition:
                continue
            if condition is not None:
                state.execute("insert or ignore into announced values (?, ?)", where)
            payload = b"" if condition is None else _report(condition, now).to_bytes()
            client.publish(condition_topic(device_source(*where)), payload, qos=1, retain=True)
            self._said[where] = condition

    def _known(self) -> Mapping[DeviceKey, DeviceCondition] | None:
        """`None` while there is no view, or one that another version has made."""
        self._views = self._views or Views(self._data)
        try:
            view = self._views[AlertingProjection.name]
        except NoView:
            return None
        if checkpoint.version(view) != AlertingProjection.version:
            return None
        return {where: it for where, it in conditions(view).items() if RESERVED.isdisjoint(where)}

    def _connect(self) -> Client:
        assert self.broker is not None
        client = background_client(self.broker, "conditions", keepalive_s=KEEPALIVE_S, longest_pause_s=10)
        client.on_connect = self._on_connect
        client.loop_start()
        return client

    def _on_connect(self, _client: Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        if not code.is_failure:
            self._connected.set()

    def close(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
        if self._views is not None:
            self._views.close()
        self._client = self._views = None
        self._said.clear()


def _report(condition: DeviceCondition, now: datetime) -> DeviceReport:
    since = datetime.fromtimestamp(condition.since, UTC) if condition.since else None
    return DeviceReport(condition=condition.condition, types=condition.types, since=since, as_of=now)
