"""The view of agents: who enrolled them, their users at the broker, and their configurations."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple

from pydantic_core import from_json, to_json

from bus_schemas.enrolment import AgentChange, AgentEvent
from bus_schemas.event import Event
from bus_schemas.speakers import Speaker, speaker_of
from consumers.engine.process_group import ProcessGroup
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.record import Recorded


class AgentsProjection(Projection):
    """A row for each event, so that a floor of the journal parts them cleanly."""

    name: ClassVar[str] = "agents"
    models: ClassVar[tuple[type[Event], ...]] = (AgentEvent,)
    group: ClassVar[ProcessGroup] = ProcessGroup.URGENT
    version: ClassVar[int] = 2
    schema: ClassVar[str] = """
    create table if not exists agent_events (
        position integer primary key, id text not null, node text not null, state text not null, by text, user text,
        expires real, version integer, configuration text, signature text, devices text not null, reason text,
        at real not null
    ) strict;
    create index if not exists agent_events_node on agent_events (node, position);
    """

    before_floor: ClassVar[Mapping[str, str]] = {"agent_events": "position < :floor"}

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        for record in batch:
            if isinstance(event := record.event, AgentEvent) and _is_theirs(view, record, event):
                _forget_repeats(view, event.data)
                view.execute(
                    "insert or replace into agent_events values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    _row(record, event.data),
                )


def _is_theirs(view: sqlite3.Connection, record: Recorded, event: AgentEvent) -> bool:
    """A device speaks only for the agent that has it now, and of a configuration which this hub has signed."""
    if speaker_of(event.source) is not Speaker.DEVICE:
        return True
    known = agent(view, event.data.node)
    return known is not None and event.data.version in known.versions and "/".join(record.where) in known.devices


def _forget_repeats(view: sqlite3.Connection, data: AgentChange) -> None:
    """An agent says at each start, and as often as it likes, what it runs: the last time counts."""
    if data.state in ("applied", "refused"):
        same = (data.node, data.state, data.version)
        view.execute("delete from agent_events where node = ? and state = ? and version = ?", same)


def _row(record: Recorded, data: AgentChange) -> tuple[object, ...]:
    expires = None if data.expires is None else data.expires.timestamp()
    devices = to_json(data.devices).decode()
    return (
        record.position, record.id, data.node, data.state, data.by, data.user, expires, data.version,
        data.configuration, data.signature, devices, data.reason, record.time_s,
    )  # fmt: skip


# Questions


@dataclass(frozen=True, slots=True)
class AgentVersion:
    """A version of a configuration, who wanted it and when; times in seconds since 1970."""

    event_id: str
    version: int
    configuration: str
    signature: str
    devices: tuple[str, ...]
    by: str | None
    at: float


Standing = Literal["new", "code_issued", "enrolled", "revoked"]


@dataclass(slots=True)
class AgentEntry:
    """An agent as it is. `given` is the version that it was enrolled with, `in_force` the one that it runs, `refused`
    the newest one that it did not take.
    """

    node: str
    standing: Standing = "new"
    by: str | None = None
    at: float = 0
    code_expires: float | None = None
    user: str | None = None
    former_users: set[str] = field(default_factory=set)
    wanted: AgentVersion | None = None
    given: AgentVersion | None = None
    in_force: AgentVersion | None = None
    in_force_at: float | None = None
    refused: int | None = None
    refused_reason: str | None = None
    refused_at: float | None = None
    versions: dict[int, AgentVersion] = field(default_factory=dict)

    @property
    def is_enrolled(self) -> bool:
        return self.user is not None

    @property
    def devices(self) -> tuple[str, ...]:
        """Those that it may speak for: of what it runs, and of what it is to run."""
        return tuple(dict.fromkeys(device for one in self.possible for device in one.devices))

    @property
    def possible(self) -> tuple[AgentVersion, ...]:
        """What it may be running by now: what it ran as far as is known here, and what came after it. It takes nothing
        older than what it has refused.
        """
        running = self.running
        if running is None:
            return () if self.wanted is None else (self.wanted,)
        floor = max(running.version, self.refused or 0)
        return running, *(one for version, one in self.versions.items() if version > floor)

    @property
    def running(self) -> AgentVersion | None:
        """What it runs, as far as it is known here."""
        return self.in_force or self.given

    @property
    def pending(self) -> AgentVersion | None:
        """What the agent has neither applied nor refused."""
        wanted = self.wanted
        if wanted is None or wanted.version == self.refused or wanted == self.in_force:
            return None
        return wanted


class _EventRow(NamedTuple):
    id: str
    node: str
    state: str
    by: str | None
    user: str | None
    expires: float | None
    version: int | None
    configuration: str | None
    signature: str | None
    devices: str
    reason: str | None
    at: float


_COLUMNS = ", ".join(_EventRow._fields)


def agents(view: sqlite3.Connection) -> list[AgentEntry]:
    """All of them, by their names."""
    entries: dict[str, AgentEntry] = {}
    for row in view.execute(f"select {_COLUMNS} from agent_events order by position"):  # noqa: S608 - ours
        event = _EventRow(*row)
        _take(entries.setdefault(event.node, AgentEntry(event.node)), event)
    return [entries[node] for node in sorted(entries)]


def agent(view: sqlite3.Connection, node: str) -> AgentEntry | None:
    entry = AgentEntry(node)
    rows = view.execute(f"select {_COLUMNS} from agent_events where node = ? order by position", (node,)).fetchall()  # noqa: S608 - ours
    for row in rows:
        _take(entry, _EventRow(*row))
    return entry if rows else None


def last_position(view: sqlite3.Connection, node: str) -> int:
    """The position of the newest event of an agent; 0 where there is none."""
    found = view.execute("select max(position) from agent_events where node = ?", (node,)).fetchone()
    return int(found[0] or 0)


def owner_of(entries: Iterable[AgentEntry], device: str) -> str | None:
    """The enrolled agent that may speak for `SITE/DEVICE`."""
    return next((one.node for one in entries if one.is_enrolled and device in one.devices), None)


def devices_by_user(entries: Iterable[AgentEntry]) -> dict[str, tuple[str, ...]]:
    """For which devices each user of the broker may speak. Of a device that two agents have it is the one that is to
    have it: an agent may say as long as it likes that it runs a configuration from before.
    """
    enrolled = [(one.user, one.devices, one.wanted) for one in entries if one.user is not None]
    count = Counter(device for _, devices, _ in enrolled for device in devices)
    return {
        user: tuple(one for one in devices if count[one] == 1 or (wanted is not None and one in wanted.devices))
        for user, devices, wanted in enrolled
    }


def _take(entry: AgentEntry, row: _EventRow) -> None:
    match row.state:
        case "code_issued":
            entry.code_expires = row.expires
            if not entry.is_enrolled:
                entry.standing, entry.by, entry.at = "code_issued", row.by, row.at
        case "enrolled":
            _leave(entry)
            entry.standing, entry.by, entry.at = "enrolled", row.by, row.at
            entry.user, entry.given, entry.code_expires = row.user, entry.wanted, None
        case "revoked":
            _leave(entry)
            entry.standing, entry.by, entry.at, entry.code_expires = "revoked", row.by, row.at, None
        case _ if row.version is not None:
            _take_version(entry, row, row.version)


def _take_version(entry: AgentEntry, row: _EventRow, version: int) -> None:
    known = entry.versions.get(version)
    match row.state:
        case "configured" if known is None:
            entry.versions[version] = entry.wanted = _configured(row, version)
        case "applied" if known is not None:
            entry.in_force, entry.in_force_at = known, row.at
            entry.refused = entry.refused_reason = entry.refused_at = None
        case "refused" if known is not None:
            entry.refused, entry.refused_reason, entry.refused_at = version, row.reason, row.at


def _configured(row: _EventRow, version: int) -> AgentVersion:
    devices = tuple(from_json(row.devices))
    return AgentVersion(row.id, version, row.configuration or "", row.signature or "", devices, row.by, row.at)


def _leave(entry: AgentEntry) -> None:
    """Its identity is gone, and with it what is known of the one that had it."""
    if entry.user is not None:
        entry.former_users.add(entry.user)
    entry.user = entry.given = entry.in_force = entry.in_force_at = None
    entry.refused = entry.refused_reason = entry.refused_at = None
