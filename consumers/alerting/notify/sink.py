"""The sink of alerts: queues each for every receiver, and has them posted by a thread of its own."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from bus_schemas.alert import AlertEvent
from bus_schemas.event import Event
from consumers.alerting.notify.delivery import Notifier
from consumers.alerting.notify.queue import SCHEMA, forget_others, put
from consumers.alerting.notify.sender import Courier
from consumers.credential import Credential
from consumers.engine.process_group import ProcessGroup
from consumers.engine.sink import Sink
from consumers.store.journal.record import Recorded
from producer.file_identity import identity
from producer.ids import Clock


class NotifierSink(Sink):
    """Queues alerts durably. A thread of its own delivers them, so a slow receiver holds up nothing here."""

    name: ClassVar[str] = "webhook"
    credentials: ClassVar[frozenset[Credential]] = Sink.credentials | {Credential.WEBHOOK}
    group: ClassVar[ProcessGroup] = ProcessGroup.URGENT
    pace_s: ClassVar[float] = 0.1
    models: ClassVar[tuple[type[Event], ...]] = (AlertEvent,)
    schema: ClassVar[str] = SCHEMA

    def __init__(self, notifiers: Sequence[Notifier], clock: Clock) -> None:
        self._notifiers = tuple(notifiers)
        self._clock = clock
        self._courier: Courier | None = None
        self._is_tidy = False

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        """Without a receiver nothing waits for one."""
        receivers = [notifier.receiver for notifier in self._notifiers]
        alerts = [
            record.event
            for record in batch
            if isinstance(record.event, AlertEvent) and record.event.data.state != "acknowledged"
        ]
        put(state, receivers, alerts, self._clock().timestamp())
        return ()

    def idle(self, state: sqlite3.Connection) -> None:
        if not self._notifiers:
            if not self._is_tidy:
                forget_others(state, ())
                self._is_tidy = True
            return
        file = Path(state.execute("select file from pragma_database_list where name = 'main'").fetchone()[0])
        now = identity(file)
        if now is None:
            return  # Opened, it would be made again, without what belongs in it.
        if self._courier is not None and self._courier.identity != now:
            self.close()
        if self._courier is None:
            courier = Courier(file, self._notifiers, self._clock, self.faults)
            courier.start()
            self._courier = courier
        try:
            self._courier.wake()
        except BaseException:
            self.close()  # The next one begins anew.
            raise

    def close(self) -> None:
        if self._courier is not None:
            self._courier.stop()
        self._courier = None
