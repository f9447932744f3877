"""The sink that publishes the condition of each device in retained messages, for programs that only subscribe.

Each look at the view costs what has changed in it since the last one. The broker may forget what it retains; so all is
said again on every connection, of every other view and every half minute, also that a device is not there any more.
Once nobody says it again the broker drops it: what was said last holds no more. A round is said in turns, because
alerts are decided in the same process.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final

from paho.mqtt.client import Client
from paho.mqtt.reasoncodes import ReasonCode

from bus_schemas.alert import IncidentEvent
from bus_schemas.event import RESERVED, Event, device_source
from bus_schemas.protocol import REPORT_AGAIN_S, REPORT_EXPIRES_S, DeviceReport
from bus_schemas.topics import condition_topic
from consumers.alerting.conditions import DeviceCondition, changed_conditions, conditions, newest_change
from consumers.alerting.incidents.verdict import RETIRED
from consumers.alerting.projection import AlertingProjection
from consumers.engine import checkpoint
from consumers.engine.process_group import ProcessGroup
from consumers.engine.sink import Sink
from consumers.engine.view_files import NoView, Views
from consumers.store.journal.record import DeviceKey, Recorded
from producer.ids import Clock, utc_now
from producer.mqtt import background_client, expiring_after
from producer.transaction import transaction

Conditions = Mapping[DeviceKey, DeviceCondition | None]
"""`None` is of a device that is not there any more."""

KEEPALIVE_S: Final = 20
SAID_PER_TURN: Final = 20
TURNS_PER_ROUND: Final = 10
"""At most: turns are a second apart where nothing happens."""


class ConditionAnnouncer(Sink):
    """Its state is of which devices it has ever said something. Incidents wake it; what it says is in the view."""

    name: ClassVar[str] = "conditions"
    group: ClassVar[ProcessGroup] = ProcessGroup.URGENT
    models: ClassVar[tuple[type[Event], ...]] = (IncidentEvent,)
    schema: ClassVar[str] = """
    create table if not exists announced (
        site text not null, device text not null, primary key (site, device)
    ) strict, without rowid;
    """
    pace_s: ClassVar[float] = 0.05

    def __init__(
        self,
        data: Path,
        clock: Clock = utc_now,
        seconds: Callable[[], float] = time.monotonic,
        expires_s: int = REPORT_EXPIRES_S,
    ) -> None:
        self._data = data
        self._expiring = expiring_after(expires_s)
        self._clock = clock
        self._seconds = seconds
        self._views: Views | None = None
        self._client: Client | None = None
        self._connected = threading.Event()
        self._said: dict[DeviceKey, DeviceCondition | None] = {}
        self._waiting: dict[DeviceKey, DeviceCondition | None] = {}
        """The devices of the round that are not announced yet."""
        self._per_turn = SAID_PER_TURN
        self._announced: set[DeviceKey] = set()
        self._next_round = 0.0
        self._view: sqlite3.Connection | None = None
        """`_said` holds what it had up to the position `_upto`."""
        self._upto = 0

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        return ()

    def idle(self, state: sqlite3.Connection) -> None:
        """Say what changed; after a while, or to a broker that may have forgotten it, everything."""
        if self.broker is None:
            return
        client = self._client = self._client or self._connect()
        if not client.is_connected():
            return
        is_round = self._connected.is_set() or self._seconds() >= self._next_round
        if is_round and self._views is not None:
            self._views.close_removed()
        view = self._current()
        if view is None:
            return
        if is_round or view is not self._view:
            self._connected.clear()
            self._next_round = self._seconds() + REPORT_AGAIN_S
            self._begin(view, state)
        self._say_changes(client, state, view)
        self._say_turn(client, state)

    def _begin(self, view: sqlite3.Connection, state: sqlite3.Connection) -> None:
        """Begin anew, but remember of which devices something was announced. The position is asked for first: what
        comes in between is said twice.
        """
        self._said.clear()
        self._announced = set(state.execute("select site, device from announced"))
        self._view, self._upto = view, newest_change(view)
        known = conditions(view)
        gone = self._announced - known.keys()
        self._waiting = {**known, **dict.fromkeys(sorted(gone))}
        self._per_turn = max(SAID_PER_TURN, -(-len(self._waiting) // TURNS_PER_ROUND))

    def _say_changes(self, client: Client, state: sqlite3.Connection, view: sqlite3.Connection) -> None:
        """At once; what a round has of the same devices is older."""
        changed = changed_conditions(view, self._upto)
        if changed:
            self._upto = max(position for position, _ in changed.values())
            for where in changed:
                self._waiting.pop(where, None)
            self._say(client, state, {where: condition for where, (_, condition) in changed.items()})

    def _say_turn(self, client: Client, state: sqlite3.Connection) -> None:
        turn = dict(islice(self._waiting.items(), self._per_turn))
        if turn:
            self._say(client, state, turn)
            for where in turn:
                del self._waiting[where]

    def _say(
        self, client: Client, state: sqlite3.Connection, found: Mapping[DeviceKey, DeviceCondition | None]
    ) -> None:
        found = {where: _of_watched(it) for where, it in found.items() if RESERVED.isdisjoint(where)}
        self._note(state, [where for where, it in found.items() if it is not None and where not in self._announced])
        now = self._clock()
        for where, condition in found.items():
            if where in self._said and self._said[where] == condition:
                continue
            payload = b"" if condition is None else _report(condition, now).to_bytes()
            topic, properties = condition_topic(device_source(*where)), self._expiring
            client.publish(topic, payload, qos=1, retain=True, properties=properties)
            self._said[where] = condition

    def _note(self, state: sqlite3.Connection, new: Sequence[DeviceKey]) -> None:
        """Written down before it is said: who is not there any more after a restart is announced too."""
        if new:
            with transaction(state):
                state.executemany("insert or ignore into announced values (?, ?)", new)
            self._announced.update(new)

    def _current(self) -> sqlite3.Connection | None:
        """`None` while there is no view, or one that another version has made, or one that is folded again."""
        self._views = self._views or Views(self._data)
        try:
            view = self._views[AlertingProjection.name]
        except NoView:
            return None
        if view is not self._view and checkpoint.version(view) != AlertingProjection.version:
            return None
        return view if checkpoint.refold_goal(view) is None else None

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
        self._client = self._views = self._view = None
        self._said.clear()
        self._waiting.clear()


def _of_watched(condition: DeviceCondition | None) -> DeviceCondition | None:
    return None if condition is None or condition.reason == RETIRED else condition


def _report(condition: DeviceCondition, now: datetime) -> DeviceReport:
    since = datetime.fromtimestamp(condition.since, UTC) if condition.since else None
    return DeviceReport(condition=condition.condition, types=condition.types, since=since, as_of=now)
