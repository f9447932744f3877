"""The update from the release in which incidents and alerts were two views."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bus_schemas.event import Event
from consumers.alerting.alerts.questions import alerts
from consumers.alerting.incidents.questions import incidents
from consumers.alerting.projection import AlertingProjection
from consumers.engine import checkpoint, view_files
from consumers.engine.follower import ConsumerContext, Follower
from tests.builders import START, at, frame, thermal, tick
from tests.following import Followed
from tests.memory_journal import MemoryJournal

_BOTH = "position integer not null, until integer not null, site text, device text, type text, rule text,"
INCIDENTS = f"""create table incidents (incident_id text, {_BOTH} opened real, closed real, rule_version integer,
    details text, causes text, media text)"""
ALERTS = f"""create table alerts (alert_id text, {_BOTH} level text, message text, raised real, cleared real,
    acknowledged text, incident_id text, rule_version integer, details text, causes text, media text)"""


def old_view(data: Path, name: str, version: int, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """As the release before this one left it."""
    file = view_files.next_file(data, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(view_files.connect(file)) as view:
        view.executescript(checkpoint.SCHEMA + table)
        checkpoint.begin(view, 9, version)
        checkpoint.make(view, checkpoint.Made("", 1, 1))
        for row in rows:
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            view.execute(f"insert into {name} ({names}) values ({values})", row)
    view_files.place(data, name, file)


def row_of(name: str, begun: float, ended: float) -> dict[str, Any]:
    common = {"position": 1, "until": 2**63 - 1, "site": "DEMO", "device": "yard", "rule": "freeze", "rule_version": 2}
    common |= {"details": "{}", "causes": "[]", "media": "[]", "type": "freeze"}
    if name == "incidents":
        return common | {"incident_id": "old", "opened": begun, "closed": ended}
    return common | {
        "alert_id": "old", "incident_id": "old", "raised": begun, "cleared": ended, "level": "warning",
        "message": "The picture of camera yard is frozen",
    }  # fmt: skip


def test_the_new_view_takes_over_what_only_the_old_ones_know_and_removes_their_files(tmp_path: Path) -> None:
    journal = MemoryJournal([frame(at(second)) for second in range(200)])
    journal.drop(150)
    span = (at(10).timestamp(), at(60).timestamp())
    old_view(tmp_path, "incidents", 5, INCIDENTS, [row_of("incidents", *span)])
    old_view(tmp_path, "alerts", 3, ALERTS, [row_of("alerts", *span)])
    with closing(Follower(AlertingProjection(), ConsumerContext(tmp_path, journal, lambda: START))) as follower:
        while follower.advance():
            pass

    with closing(view_files.open_view(tmp_path, "alerting")) as view:
        assert [(one["id"], one["duration_s"]) for one in incidents(view)] == [("old", 50.0)]
        assert [(one["id"], one["state"]) for one in alerts(view)] == [("old", "closed")]
        assert checkpoint.made(view).reaches == 1
    assert {path.name.partition(".")[0] for path in (tmp_path / "views").iterdir()} == {"alerting"}


def test_nothing_is_told_twice_by_the_update(tmp_path: Path) -> None:
    observed: list[Event] = [thermal(at(second), hottest=97.0) for second in range(3)]
    with Followed(AlertingProjection(), tmp_path / "before", observed) as before:
        said = before.emitted()
    assert len(said) == 2

    old_view(tmp_path / "now", "incidents", 5, INCIDENTS, [])
    with Followed(AlertingProjection(), tmp_path / "now", [*observed, *said]) as now:
        assert now.emitted() == []
        assert [one["state"] for one in alerts(now.view)] == ["open"]

        now.take(thermal(at(5), device="oven", hottest=97.0), tick(at(6)))
        assert len(now.emitted()) == 2


def test_what_another_release_left_is_not_guessed_at(tmp_path: Path) -> None:
    journal = MemoryJournal([frame(at(second)) for second in range(20)])
    journal.drop(15)
    old_view(tmp_path, "incidents", 4, "create table incidents (whatever text)", [])
    with closing(Follower(AlertingProjection(), ConsumerContext(tmp_path, journal, lambda: START))) as follower:
        follower.advance()

    assert view_files.file_of(tmp_path, "incidents") is None
    with closing(sqlite3.connect(tmp_path / "views" / "alerting.1.sqlite")) as view:
        assert view.execute("select count(*) from incidents").fetchone() == (0,)
