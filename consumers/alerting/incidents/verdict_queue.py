"""Queues the verdicts of an event that decides on many devices, so that the events behind it need not wait for all.

With which event a verdict is entered follows from the journal alone: a view is the same however it is batched.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from consumers.alerting.incidents.devices import DeviceTable
from consumers.alerting.incidents.table import IncidentEntry
from consumers.alerting.incidents.verdict import Verdict
from consumers.store.journal.record import DeviceKey

SCHEMA: Final = """
    create table if not exists verdict_queue (
        position integer not null, number integer not null, site text not null, device text not null,
        verdict text not null, at real not null, primary key (position, number)
    ) strict;
    """
VERDICTS_AT_ONCE: Final = 8
"""So many verdicts of one event are entered with it: each takes about a third of a millisecond."""

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Verdict)


class QueuedVerdict(NamedTuple):
    """A verdict on a device, decided at a moment by the event at `position`, as the `number`-th of that event."""

    position: int
    number: int
    where: DeviceKey
    verdict: Verdict
    at: float


class VerdictQueue:
    """Held from one fold to the next, as the devices are. The verdicts on one device keep their order."""

    def __init__(self, devices: DeviceTable) -> None:
        self._devices = devices
        self._queued: dict[DeviceKey, list[QueuedVerdict]] = {}
        self._added: list[QueuedVerdict] = []
        self._taken: list[QueuedVerdict] = []
        self._position = self._count = 0
        """The position of the event that decides, and how many of its verdicts came."""
        for position, number, site, device, verdict, at in devices.view.execute(_ALL):
            self._queue(QueuedVerdict(position, number, (site, device), _DECODER.decode(verdict), at))

    def __bool__(self) -> bool:
        return bool(self._queued)

    def enter(
        self, where: DeviceKey, verdicts: Iterable[Verdict], at: float, position: int | None
    ) -> Iterator[IncidentEntry]:
        """The entries of the first verdicts; all others wait. None waits where there is no `position`."""
        for verdict in verdicts:
            if position is None or (self._is_early(position) and where not in self._queued):
                yield self._entry(where, verdict, at)
            else:
                one = QueuedVerdict(position, self._count, where, verdict, at)
                self._queue(one)
                self._added.append(one)

    def take_turn(self, where: DeviceKey) -> Iterator[IncidentEntry]:
        """The entries of the device that is judged next, and of the one that has waited the longest."""
        yield from self._take(where)
        yield from self._take(next(iter(self._queued), where))

    def take_all(self) -> Iterator[IncidentEntry]:
        while self._queued:
            yield from self._take(next(iter(self._queued)))

    def save(self) -> None:
        """Write what has changed, in the transaction of the fold."""
        view = self._devices.view
        if self._added:
            rows = [(*it[:2], *it.where, _ENCODER.encode(it.verdict).decode(), it.at) for it in self._added]
            view.executemany("insert into verdict_queue values (?, ?, ?, ?, ?, ?)", rows)
        if self._taken:
            view.executemany(_DELETE, [it[:2] for it in self._taken])
        self._added, self._taken = [], []

    def _is_early(self, position: int) -> bool:
        if position != self._position:
            self._position, self._count = position, 0
        self._count += 1
        return self._count <= VERDICTS_AT_ONCE

    def _queue(self, one: QueuedVerdict) -> None:
        self._queued.setdefault(one.where, []).append(one)

    def _take(self, where: DeviceKey) -> Iterator[IncidentEntry]:
        taken = self._queued.pop(where, [])
        self._taken += taken
        return (self._entry(where, one.verdict, one.at) for one in taken)

    def _entry(self, where: DeviceKey, verdict: Verdict, at: float) -> IncidentEntry:
        watched = self._devices.touch(where)
        return IncidentEntry(where, verdict, watched.open, watched, at)


_ALL: Final = "select position, number, site, device, verdict, at from verdict_queue order by position, number"
_DELETE: Final = "delete from verdict_queue where position = ? and number = ?"
