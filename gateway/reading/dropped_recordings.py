"""Says how much of what was recorded in a time range retention has dropped."""

from collections.abc import Iterable
from datetime import datetime

from consumers.engine.view_files import NoView
from consumers.views.recordings.holes import dropped
from gateway.reading.hole_evidence import VIEW, explained_holes
from gateway.reading.stores import Stores


def dropped_s(
    stores: Stores, site: str, devices: Iterable[str], start: datetime, end: datetime, now: datetime
) -> float:
    """Seconds, of all these devices together. 0 before anything was recorded."""
    try:
        view = stores.view(VIEW)
    except NoView:
        return 0.0
    span = start.timestamp(), end.timestamp()
    # Why a device was not recorded takes long to find, and most ranges have lost nothing.
    touched = [(site, device) for device in devices if dropped(view, (site, device), *span)]
    return sum(
        hole.duration_s
        for where in touched
        for hole in explained_holes(stores, where, start, end, now)
        if hole.cause == "dropped"
    )
