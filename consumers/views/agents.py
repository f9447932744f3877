"""The view of agents: who enrolled them, their users at the broker, and their configurations."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal, NamedTuple

from pydantic_core import from_json, to_json

from bus_schemas.enrolment import AgentChange, AgentEvent
from bus_schemas.event import Event
from bus_schemas.speakers import Speaker, speaker_of
from consumers.engine.process_group import ProcessGroup
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.record import Recorded

MOST_LOST: Final = 1000
"""So many versions above its own a hub may have forgotten: what an agent says to run beyond them is not true."""


class AgentsProjection(Projection):
    """A row for each event, so that a floor of the journal parts them cleanly."""

    name: ClassVar[str] = "agents"
    models: ClassVar[tuple[type[Event], ...]] = (AgentEvent,)
    group: ClassVar[ProcessGroup] = ProcessGroup.URGENT
    version: ClassVar[int] = 4
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
    """A device speaks only for the agent that has it now, and of a configuration which this hub has signed, or may have
    signed before it was restored from a backup.
    """
    if speaker_of(event.source) is not Speaker.DEVICE:
        return True
    known, data = agent(view, event.data.node), event.data
    if known is None or data.version is None or "/".join(record.where) not in known.devices:
        return False
    is_forgotten = data.state == "applied" and 0 < data.version - known.newest_version <= MOST_LOST
    return data.version in known.versions or is_forgotten


def _forget_repeats(view: sqlite3.Connection, data: AgentChange) -> None:
    """An agent says at each start, and as often as it likes, what it runs: the last time counts."""
    if data.state in ("applied", "refused"):
        same = (data.node, data.state, data.version)
        view.execute("delete from agent_events where node = ? and state = ? and version = ?", same)
        view.execute(_FORGET_UNKNOWN, (data.node, data.node))


_FORGET_UNKNOWN = """
    delete from agent_events where node = ? and state = 'applied' and version not in
    (select version from agent_events where node = ? and state = 'configured' and version is not null)
"""


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
    """A version of a configuration, who wanted it, when (seconds since 1970) and why. `signed_text` reads it."""

    node: str
    position: int
    event_id: str
    version: int
    devices: tuple[str, ...]
    by: str | None
    at: float
    reason: str | None = None


Standing = Literal["new", "code_issued", "enrolled", "revoked"]


@dataclass(slots=True)
class AgentEntry:
    """An agent as it is. `in_force` is the version that it says it runs, `reached` the newest that it ever ran, at
    first the one with which it was enrolled, `refused` the newest that it did not take. `forgotten` is one that it
    runs and this hub does not know.
    """

    node: str
    standing: Standing = "new"
    by: str | None = None
    at: float = 0
    code_expires: float | None = None
    user: str | None = None
    former_users: set[str] = field(default_factory=set)
    wanted: AgentVersion | None = None
    in_force: AgentVersion | None = None
    in_force_at: float | None = None
    forgotten: int | None = None
    reached: AgentVersion | None = None
    refused: int | None = None
    refused_reason: str | None = None
    refused_at: float | None = None
    versions: dict[int, AgentVersion] = field(default_factory=dict)

    @property
    def is_enrolled(self) -> bool:
        return self.user is not None

    @property
    def newest_version(self) -> int:
        """The highest that this hub knows, 0 where there is none."""
        return max(self.versions, default=0)

    @property
    def devices(self) -> tuple[str, ...]:
        """Those that it may speak for: of what it runs, and of what it is to run."""
        return tuple(dict.fromkeys(device for one in self.possible for device in one.devices))

    @property
    def possible(self) -> tuple[AgentVersion, ...]:
        """The versions that it may be running by now: the newest that it is known to have run, and later ones. It
        takes nothing older than what it has refused, and what it says of an older one gives it no device.
        """
        reached = self.reached
        if reached is None:
            return () if self.wanted is None else (self.wanted,)
        floor = max(reached.version, self.refused or 0)
        return reached, *(one for version, one in self.versions.items() if version > floor)

    @property
    def pending(self) -> AgentVersion | None:
        """The version that the agent has neither applied nor refused."""
        wanted = self.wanted
        if wanted is None or wanted.version == self.refused or wanted == self.in_force:
            return None
        return None if wanted.version <= (self.forgotten or 0) else wanted


class SignedText(NamedTuple):
    """The text of a version as JSON, and who set it."""

    configuration: str
    signature: str


class _EventRow(NamedTuple):
    position: int
    id: str
    node: str
    state: str
    by: str | None
    user: str | None
    expires: float | None
    version: int | None
    devices: str
    reason: str | None
    at: float


_COLUMNS = ", ".join(_EventRow._fields)


IsSigned = Callable[[AgentVersion], bool]
"""Whether the hub has signed this version. Who may publish as the gateway, as each program of a machine whose broker
asks nobody for a password, can write a configuration, but not sign it.
"""


def agents(view: sqlite3.Connection, is_signed: IsSigned | None = None) -> list[AgentEntry]:
    """All of them, by their names. Versions that are not signed are as if nobody had wanted them."""
    entries: dict[str, AgentEntry] = {}
    for row in view.execute(f"select {_COLUMNS} from agent_events order by position"):  # noqa: S608 - ours
        event = _EventRow(*row)
        _take(entries.setdefault(event.node, AgentEntry(event.node)), event, is_signed)
    return [entries[node] for node in sorted(entries)]


def agent(view: sqlite3.Connection, node: str, is_signed: IsSigned | None = None) -> AgentEntry | None:
    """One agent, as in `agents`; `None` where there is none."""
    entry = AgentEntry(node)
    rows = view.execute(f"select {_COLUMNS} from agent_events where node = ? order by position", (node,)).fetchall()  # noqa: S608 - ours
    for row in rows:
        _take(entry, _EventRow(*row), is_signed)
    return entry if rows else None


def signed_text(view: sqlite3.Connection, version: AgentVersion) -> SignedText:
    """Read one by one, for a history of configurations is long; empty where a floor has parted them from the view."""
    query = "select configuration, signature from agent_events where position = ?"
    row = view.execute(query, (version.position,)).fetchone() or (None, None)
    return SignedText(row[0] or "", row[1] or "")


def newest_position(view: sqlite3.Connection) -> int:
    """Another one after each change of any agent; 0 where there is none."""
    return int(view.execute("select max(position) from agent_events").fetchone()[0] or 0)


def last_position(view: sqlite3.Connection, node: str) -> int:
    """The position of the newest event of an agent; 0 where there is none."""
    found = view.execute("select max(position) from agent_events where node = ?", (node,)).fetchone()
    return int(found[0] or 0)


def owner_of(entries: Iterable[AgentEntry], device: str) -> AgentEntry | None:
    """The enrolled agent that may speak for `SITE/DEVICE`."""
    return next((one for one in entries if one.is_enrolled and device in one.devices), None)


def devices_by_user(entries: Iterable[AgentEntry], of_the_hub: Collection[str] = ()) -> dict[str, tuple[str, ...]]:
    """For which devices each user of the broker may speak. Of a device that two agents have it is the one that is to
    have it: an agent may say as long as it likes that it runs a configuration from before. Those in the file of the
    hub belong to no enrolled agent.
    """
    enrolled = [(one.user, one.devices, one.wanted) for one in entries if one.user is not None]
    count = Counter(device for _, devices, _ in enrolled for device in devices)
    return {
        user: tuple(
            one
            for one in devices
            if one not in of_the_hub and (count[one] == 1 or (wanted is not None and one in wanted.devices))
        )
        for user, devices, wanted in enrolled
    }


def _take(entry: AgentEntry, row: _EventRow, is_signed: IsSigned | None) -> None:
    match row.state:
        case "code_issued":
            entry.code_expires = row.expires
            if not entry.is_enrolled:
                entry.standing, entry.by, entry.at = "code_issued", row.by, row.at
        case "enrolled":
            _leave(entry)
            entry.standing, entry.by, entry.at = "enrolled", row.by, row.at
            entry.user, entry.reached, entry.code_expires = row.user, entry.wanted, None
        case "revoked":
            _leave(entry)
            entry.standing, entry.by, entry.at, entry.code_expires = "revoked", row.by, row.at, None
        case "configured" if row.version is not None and row.version not in entry.versions:
            wanted = _configured(row, row.version)
            if is_signed is None or is_signed(wanted):
                entry.versions[row.version] = entry.wanted = wanted
        case _ if row.version is not None:
            _take_outcome(entry, row, entry.versions.get(row.version))


def _take_outcome(entry: AgentEntry, row: _EventRow, known: AgentVersion | None) -> None:
    if known is None:
        if row.state == "applied":
            entry.in_force = entry.in_force_at = None
            entry.forgotten = row.version
        return
    match row.state:
        case "applied":
            entry.in_force, entry.in_force_at, entry.forgotten = known, row.at, None
            entry.refused = entry.refused_reason = entry.refused_at = None
            entry.reached = known if entry.reached is None else max(entry.reached, known, key=lambda one: one.version)
        case "refused":
            entry.refused, entry.refused_reason, entry.refused_at = known.version, row.reason, row.at


def _configured(row: _EventRow, version: int) -> AgentVersion:
    devices = tuple(from_json(row.devices))
    return AgentVersion(row.node, row.position, row.id, version, devices, row.by, row.at, row.reason)


def _leave(entry: AgentEntry) -> None:
    """Its identity is gone, and with it what is known of the one that had it."""
    if entry.user is not None:
        entry.former_users.add(entry.user)
    entry.user = entry.in_force = entry.in_force_at = entry.reached = entry.forgotten = None
    entry.refused = entry.refused_reason = entry.refused_at = None
