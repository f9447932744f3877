"""A past to try things on: a data directory with a journal, an archive and the live views, and trials over it."""

import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bus_schemas.event import Event
from consumers.alerting.alerts.questions import alerts
from consumers.alerting.alerts.wording import RECOVERED
from consumers.alerting.rules import RULE_VERSION, AlertRules
from consumers.alerting.what_if import files
from consumers.alerting.what_if.run import TrialContext, run
from consumers.alerting.what_if.time_range import RUN_IN
from consumers.alerting.what_if.trial import Found, RaisedAlert, Trial, TrialRequest
from consumers.engine.intervals import IntervalQuery
from consumers.engine.view_files import open_view
from consumers.hub_config import HubConfig
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.reader import SqliteJournalReader
from tests import data_directory
from tests.builders import START, at
from tests.live_journal import with_alerting
from tests.registry_events import registry_of

DEVICES = (ConfiguredDevice("yard", "Yard"), ConfiguredDevice("attic", "Attic"))
DEFAULTS = AlertRules()
END = at(2400)
Sites = tuple[ConfiguredSite, ...]
SITES: Sites = (ConfiguredSite("DEMO", "Demo yard", "Europe/Berlin", DEVICES),)


@dataclass
class Past:
    """`count` numbers the trials; `stopping` ends the one that runs."""

    data: Path
    count: int = 0
    in_force: AlertRules = DEFAULTS
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def hub(self) -> HubConfig:
        return HubConfig(data=self.data, archive=lambda: ArchiveReader(self.data / "archive"))

    def asked(self, since: datetime = START, until: datetime = END, **wished: Any) -> TrialRequest:
        self.count += 1
        given_rules, site = wished.pop("rules", {}), wished.pop("site", None)
        return TrialRequest(
            id=f"trial-{self.count:03d}",
            created=at(self.count),
            by="ada",
            since=since,
            until=until,
            site=site,
            rules=given_rules,
            rule_set=self.in_force.changed(given_rules).values(),
            rule_version=RULE_VERSION,
            product="test",
            **wished,
        )

    def run(
        self, asked: TrialRequest, run_in: timedelta = RUN_IN, **bench: Any
    ) -> tuple[Trial, list[tuple[Found, RaisedAlert]]]:
        """As a process would, which holds the lock until it ends."""
        with (
            closing(files.TrialLock(self.data, asked.id)),
            closing(SqliteJournalReader(self.data / "journal")) as journal,
        ):
            made = TrialContext(
                self.hub, journal, lambda: datetime(2026, 2, 1, tzinfo=UTC), self.stopping, run_in=run_in
            )
            run(files.create(self.data, asked), replace(made, **bench))
        return files.trial(self.data, asked.id)

    def live(self, since: datetime, until: datetime) -> list[tuple[str, str]]:
        """Ids and moments of what was raised, but for recoveries."""
        with closing(open_view(self.data, "alerting")) as view:
            found = alerts(view, IntervalQuery(start=since, end=until, limit=10_000))
        return sorted((one["raised"], one["id"]) for one in found if one["type"] != RECOVERED)

    def contents(self) -> dict[str, bytes]:
        """Of everything that is not a trial; what only says who reads is left out."""
        files_there = [path for path in self.data.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
        return {str(path): path.read_bytes() for path in files_there if "trials" not in path.parts}


def past_of(
    data: Path,
    events: Sequence[tuple[datetime, Event]],
    payloads: dict[str, bytes] | None = None,
    sites: Sites = SITES,
    in_force: AlertRules = DEFAULTS,
) -> Past:
    past, begun, configured = Past(data, in_force=in_force), events[0][0], Configured(sites, in_force.values())
    known = [(begun, event) for event in registry_of(configured, begun)]
    data_directory.write(data, with_alerting([*known, *events]), payloads, Configured())
    data_directory.fold(data, "registry", "settings", "alerting", of=past.hub)
    return past
