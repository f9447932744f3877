"""Forgets old rows of motion: boxes and counts of a few seconds after some months, motions and minutes later."""

import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from consumers.store.journal.record import DeviceKey
from consumers.views.motion.counts import COARSE_S, FINE_S
from producer.times import moment

KEPT_DAYS: Final = 400
FINE_KEPT_DAYS: Final = 100
"""A camera before which something always moves has a row of boxes each second."""
_DAY_MS: Final = 86_400_000
_SPARE: Final = timedelta(days=2)
"""A day of a zone begins up to 14 hours before that of UTC."""
_NEWEST: Final = "select max(started) from motions where site = ? and device = ?"


def prune(view: sqlite3.Connection, devices: Iterable[DeviceKey]) -> None:
    """Forget what is too far behind the newest motion of its device."""
    for where in sorted(devices):
        (newest,) = view.execute(_NEWEST, where).fetchone()
        if newest is not None:
            _forget(view, where, newest - KEPT_DAYS * _DAY_MS, newest - FINE_KEPT_DAYS * _DAY_MS)


def _forget(view: sqlite3.Connection, where: DeviceKey, before_ms: int, fine_before_ms: int) -> None:
    view.execute("delete from motions where site = ? and device = ? and started < ?", (*where, before_ms))
    view.execute("delete from tracks where site = ? and device = ? and at < ?", (*where, fine_before_ms))
    for width, before in ((FINE_S, fine_before_ms), (COARSE_S, before_ms)):
        query = "delete from counts where site = ? and device = ? and width = ? and tick < ?"
        view.execute(query, (*where, width, before // 1000 // width))
    day = (moment(before_ms * 1000) - _SPARE).date().isoformat()
    view.execute("delete from grids where site = ? and device = ? and day < ?", (*where, day))
