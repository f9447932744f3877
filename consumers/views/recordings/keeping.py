"""Forgets old clips, pauses of the recorder, and deletions."""

import sqlite3
from typing import Final

from consumers.store.journal.record import DeviceKey

KEPT_DAYS: Final = 400
_DAY_S: Final = 86_400
_PAUSE: Final = "select max(at) from recorder_changes where site = ? and device = ? and at < ?"


def prune(view: sqlite3.Connection, where: DeviceKey, now: float) -> None:
    """Forget what was over too long before now, in seconds since 1970. The newest change of the recorder before that
    stays: it may hold since.
    """
    before = now - KEPT_DAYS * _DAY_S
    view.execute("delete from clips where site = ? and device = ? and start < ? and is_emitted = 1", (*where, before))
    view.execute("delete from dropped where site = ? and device = ? and end < ?", (*where, before))
    view.execute("delete from dropped_counts where site = ? and device = ? and day < ?", (*where, before // _DAY_S))
    (pause,) = view.execute(_PAUSE, (*where, before)).fetchone()
    if pause is not None:
        view.execute("delete from recorder_changes where site = ? and device = ? and at < ?", (*where, pause))
