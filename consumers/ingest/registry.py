"""Keeps the registry for ingest: writes changes of the configuration, and repeats the registry when a day begins."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from pydantic_core import to_json

from bus_schemas.codec import read_stored, to_bytes
from bus_schemas.event import HUB_SOURCE, Event
from bus_schemas.registry import Kind
from consumers import registry_opening, site_registry
from consumers.site_registry import CONFIGURATION, RULES, Key
from consumers.store.journal.record import JournalReader, Recorded
from consumers.store.journal.store import JournalStore
from consumers.store.journal.writing import Accepted
from producer.ids import Clock
from producer.times import micros, moment

TYPES: Final = frozenset({"watchpost.registry.v1", "watchpost.rules.v1"})
SAVE_EVERY_S: Final = 60.0
BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class ConfiguredDevice:
    """A device that is meant to be there; `kinds` are what it sees with."""

    device: str
    name: str
    kinds: tuple[Kind, ...] = ("visual",)


@dataclass(frozen=True, slots=True)
class ConfiguredSite:
    site: str
    name: str
    time_zone: str = "UTC"
    devices: tuple[ConfiguredDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class Configured:
    """The registry as the configuration has it; rules by their names."""

    sites: tuple[ConfiguredSite, ...] = ()
    rules: Mapping[str, float] = field(default_factory=dict)

    def wanted(self) -> dict[Key, dict[str, Any]]:
        """By site and device what is to be set of them."""
        found: dict[Key, dict[str, Any]] = {}
        for site in self.sites:
            found[site.site, ""] = {"name": site.name, "time_zone": site.time_zone, "retired": False}
            for device in site.devices:
                found[site.site, device.device] = _of_device(device)
        if self.rules:
            found[RULES] = {name: float(value) for name, value in self.rules.items()}
        return found


def _of_device(device: ConfiguredDevice) -> dict[str, Any]:
    """A configured device is run by an agent, which says something all the time."""
    expects = "frames" if "visual" in device.kinds else "readings"
    return {"name": device.name, "kinds": list(device.kinds), "expects": expects, "retired": False}


def differences(registry: sqlite3.Connection, configured: Configured) -> Iterator[tuple[Key, dict[str, Any]]]:
    """By site and device what the configuration says now and did not when it was published last. What is in it no more
    is retired. What somebody else has changed since stands until the configuration itself changes.
    """
    known: dict[Key, dict[str, str]] = {}
    query = "select site, device, field, configured from registry where configured is not null"
    for site, device, name, value in registry.execute(query):
        known.setdefault((site, device), {})[name] = value
    wanted = configured.wanted()
    for key, fields in wanted.items():
        before = known.get(key, {})
        changed = {name: value for name, value in fields.items() if before.get(name) != to_json(value).decode()}
        if changed:
            yield key, changed
    for key, before in known.items():
        if key not in wanted and key != RULES and before.get("retired") != "true":
            yield key, {"retired": True}


class RegistryKeeper:
    """Folds the events of the registry as they are committed. Used by the thread of ingest."""

    def __init__(self, clock: Clock, file: Path, configured: Configured | None = None) -> None:
        self._clock = clock
        self._file = file
        self._configured = configured
        self._store: JournalStore | None = None
        self._registry = sqlite3.connect(":memory:", isolation_level=None)
        self._registry.executescript(site_registry.SCHEMA)
        self._journal_id = 0
        self._upto = 0
        self._saved_at = 0.0

    def saved_position(self) -> int | None:
        """How far the process before this one had read the journal; `None` where nobody wrote it."""
        try:
            return int(json.loads(self._file.read_bytes())["upto"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None

    def load(self, store: JournalStore) -> None:
        """Read what the journal says: from where the process before this one was, or from the last day that begins
        with the registry.
        """
        self._store = store
        with closing(store.reader()) as reader:
            self._journal_id = reader.journal_id()
            self._restore(reader)
            self._upto = self._upto or _start_position(reader, store)
            self._read_on(reader)
        self._save()

    def _read_on(self, reader: JournalReader) -> None:
        while (batch := reader.read(self._upto, site_registry.MODELS, BATCH)).upto > self._upto:
            for record in batch.records:
                site_registry.apply(self._registry, record)
            self._upto = batch.upto

    def pending(self) -> list[Accepted]:
        """The events for changes of the configuration that the journal does not have; called until it returns none."""
        if self._configured is None:
            return []
        values = {"origin": "configuration", "by": CONFIGURATION}
        found = [
            self._event(key, {**values, "fields": it}) for key, it in differences(self._registry, self._configured)
        ]
        if not found:
            self._configured = None
        return found

    def day_opening(self) -> list[Accepted]:
        """All that stands, said again."""
        return [self._event(key, values) for key, values in registry_opening.repeated(self._registry)]

    def take(self, accepted: Sequence[Accepted], head: int) -> None:
        """These were committed, the last of them at the position `head`.

        What is between them and what was taken in before, the journal has all the same: the opening of a day, or a
        group of which nobody knew whether a server had written it. Raises `JournalAway`; then it is read the next time.
        """
        first = head - len(accepted) + 1
        if self._store is not None and first > self._upto + 1:
            with closing(self._store.reader()) as reader:
                self._read_on(reader)
            self._save()
            return
        found = [(first + index, one) for index, one in enumerate(accepted) if one.event.type in TYPES]
        for position, (_, body, received) in found:
            [event] = read_stored([body])
            site_registry.apply(self._registry, Recorded(position, moment(received), event))
        self._upto = head
        if found:
            self._save()

    def tend(self, now: float, *, is_last: bool = False) -> None:
        """Note how far the journal was read; `now` in seconds of the monotonic clock."""
        if is_last or now - self._saved_at >= SAVE_EVERY_S:
            self._saved_at = now
            self._save()

    def _event(self, key: Key, values: Mapping[str, Any]) -> Accepted:
        model, data = registry_opening.data_of(key, values)
        time = self._clock()
        event: Event = model.model_validate({"id": str(uuid4()), "source": HUB_SOURCE, "time": time, "data": data})
        return Accepted(event, to_bytes(event), micros(time))

    def _save(self) -> None:
        rows = self._registry.execute("select * from registry").fetchall()
        half = self._file.with_suffix(".tmp")
        # Without it the next start reads more of the journal, and finds the same.
        with suppress(OSError):
            half.write_text(json.dumps({"journal": self._journal_id, "upto": self._upto, "rows": rows}))
            half.replace(self._file)

    def _restore(self, reader: JournalReader) -> None:
        """Where the file is of this journal, and the journal has not lost what it knows."""
        try:
            saved = json.loads(self._file.read_bytes())
            upto, rows = int(saved["upto"]), saved["rows"]
            is_ours = bool(self._journal_id) and saved["journal"] == self._journal_id and upto <= reader.head()
            if is_ours:
                marks = ", ".join("?" * len(rows[0])) if rows else ""
                self._registry.executemany(f"insert into registry values ({marks})", rows)  # noqa: S608 - question marks
                self._upto = upto
        except (OSError, LookupError, ValueError, TypeError, OverflowError, RecursionError, sqlite3.Error):
            self._registry.execute("delete from registry")
            self._upto = 0


def _start_position(reader: JournalReader, store: JournalStore) -> int:
    """The position before the newest day that begins with the registry; 0 where none does."""
    with closing(store.questions()) as questions:
        firsts = [day.first for day in questions.days()]
    return next((first - 1 for first in reversed(firsts) if _says_again(reader.read(first - 1, limit=1).records)), 0)


def _says_again(records: Iterable[Recorded]) -> bool:
    return any(
        record.model in site_registry.MODELS and site_registry.change_of(record.event).repeats is not None
        for record in records
    )
