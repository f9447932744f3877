"""How fast the views answer as of a moment that has passed."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.alerting.incidents.questions import incidents, open_incidents
from consumers.alerting.projection import AlertingProjection
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.intervals import IntervalQuery
from consumers.engine.versions import Versions
from consumers.engine.view_creation import create
from consumers.engine.view_files import open_view
from consumers.hub_config import HubConfig
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from consumers.views.health import past_view
from consumers.views.health.projection import HealthProjection
from consumers.views.health.questions import devices
from producer.times import micros
from producer.transaction import transaction
from tests.bench.measure import Measurement, measured
from tests.builders import START, at, frame, health, media, thermal, tick
from tests.following import MemoryMedia

DEVICES = 50
RATE = 50
SECONDS = 600
WEEK_OF_INCIDENTS = 50_000
"""Each of the devices has one in ten minutes."""
GOAL_MS = 50.0


def ten_minutes() -> Iterator[Event]:
    """What 50 devices tell, 50 events a second, with the hub's ticks."""
    for number in range(RATE * SECONDS):
        second, name = number / RATE, f"d{number % DEVICES}"
        if number % (5 * RATE) == 0:
            yield tick(at(second))
        if number % (30 * RATE) == 0:
            yield from (health(at(second), device=f"d{device}") for device in range(DEVICES))
        yield (frame, media, thermal)[number % 3](at(second), device=name)


def case_health() -> list[Measurement]:
    """From the moment to the answer: the position, the state before, the events since, and the status of each."""
    with TemporaryDirectory() as directory:
        data = Path(directory)
        with Journal(data / "journal", lambda: START) as journal:
            journal.append([Accepted(event, to_bytes(event), micros(event.time)) for event in ten_minutes()])
        with (
            closing(SqliteJournalReader(data / "journal")) as reader,
            closing(JournalQueries(data / "journal")) as queries,
        ):
            follower = Follower(HealthProjection(), ConsumerContext(data, reader, lambda: START))
            while follower.advance():
                pass
            follower.close()
            with closing(open_view(data, "health")) as view:
                random = Random(1)

                def ask(second: float) -> int:
                    now = at(second)
                    with past_view.as_of(view, reader, queries.position_at(now)) as then:
                        return len(devices(then, now=now))

                assert ask(SECONDS / 2) == DEVICES
                any_moment = measured(
                    "health of 50 devices as of any moment", lambda: ask(random.uniform(0, SECONDS)),
                    "50 events/s, a state each 30 s", goal_ms=GOAL_MS, runs=100,
                )  # fmt: skip
                worst = measured(
                    "health of 50 devices as of the worst moment", lambda: ask(SECONDS / 2 - 0.1),
                    "1,500 events are folded on", goal_ms=GOAL_MS, runs=50,
                )  # fmt: skip
    return [any_moment, worst]


def case_incidents() -> list[Measurement]:
    """As of now, and as of the begin of a week of 50,000 incidents."""
    with TemporaryDirectory() as directory:
        hub = HubConfig(Path(directory), MemoryMedia)
        with closing(create(AlertingProjection(), hub.data / "alerting.sqlite")) as view:
            last = _a_week(view)
            questions: Sequence[tuple[str, Callable[[int], object]]] = (
                ("newest 100 incidents", lambda upto: incidents(view, IntervalQuery(upto=upto))),
                ("open incidents", lambda upto: open_incidents(view, None, upto)),
            )
            moments = (("now", last), ("a week ago", last // 100))
            return [
                measured(f"{name} as of {when}", partial(question, upto), "50,000 incidents", goal_ms=GOAL_MS, runs=50)
                for name, question in questions
                for when, upto in moments
            ]


def _a_week(view: sqlite3.Connection) -> int:
    """Each is closed 100 positions later; one in 1,000 is never closed. The last position."""
    table = Versions(view, "incidents", "incident_id")
    with transaction(view):
        for number in range(WEEK_OF_INCIDENTS):
            position = 10 * number + 1
            row = _incident(number, position)
            table.put(position, row)
            if number % 1000:
                table.put(position + 100, {**row, "closed": row["opened"] + 2})
    return 10 * WEEK_OF_INCIDENTS + 100


def _incident(number: int, position: int) -> dict[str, Any]:
    """A row; its begin grows with the position."""
    return {
        "incident_id": f"{number * 7919 % WEEK_OF_INCIDENTS:032x}",
        "site": "DEMO",
        "device": f"d{number % DEVICES}",
        "type": "freeze",
        "level": "warning",
        "under": None,
        "suppressed": None,
        "rule_text": "A rule.",
        "opened": at(position / RATE).timestamp(),
        "closed": None,
        "rule": "freeze",
        "rule_version": 1,
        "details": '{"share":0.9}',
        "causes": '["one","two"]',
        "media": "[]",
    }
