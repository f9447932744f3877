"""Takes over what only the views of an earlier release still know: incidents and alerts from before the floor.

Until release 0.1 these were two views, `incidents` and `alerts`, each with rows of its own.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from consumers.engine import checkpoint, view_files
from consumers.engine.rebuild.retention_floor import attached, know_horizon
from consumers.store.journal.record import JournalReader
from producer.transaction import transaction

_KNOWN_VERSIONS: Mapping[str, frozenset[int]] = {"incidents": frozenset({5, 6}), "alerts": frozenset({3})}
_INCIDENTS = """
    insert or ignore into main.incidents (incident_id, position, until, site, device, type, level, opened, closed,
        under, suppressed, rule, rule_version, rule_text, details, causes, media)
    select incident_id, position, until, site, device, type, 'warning', opened, closed, null, null, rule,
        rule_version, rule, details, causes, media
    from old.incidents where incident_id in
        (select incident_id from old.incidents where closed <= horizon(site, device))
    """
_ALERTS = """
    insert or ignore into main.alerts (alert_id, position, until, site, device, type, level, message, cleared_message,
        raised, cleared, acknowledged, incident_id, rule, rule_version, details, causes, media)
    select alert_id, position, until, site, device, type, level, message, null, raised, cleared, acknowledged,
        incident_id, rule, rule_version, details, causes, media
    from old.alerts where alert_id in (select alert_id from old.alerts where cleared <= horizon(site, null))
    """


def adopt(view: sqlite3.Connection, data: Path, journal: JournalReader) -> None:
    """Rows of what was over before the floor; all that is open, or ended later, the fold makes anew."""
    floor = journal.floor()
    if floor <= 1:
        return
    know_horizon(view, journal)
    for name, query in (("incidents", _INCIDENTS), ("alerts", _ALERTS)):
        file = view_files.file_of(data, name)
        if file is None or not _is_known_version(file, name):
            continue
        with attached(view, str(file)), transaction(view):
            view.execute(query)
            reaches = checkpoint.made(view, "old").reaches
        made = checkpoint.made(view)
        if reaches < made.reaches:
            checkpoint.make(view, checkpoint.Made(made.configuration, made.floor, reaches))


def _is_known_version(file: Path, name: str) -> bool:
    with closing(view_files.open_file(file)) as old:
        return checkpoint.version(old) in _KNOWN_VERSIONS[name]
