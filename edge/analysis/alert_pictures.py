"""Decides which pictures of a camera show the moment of an alert: what a slow link must not thin out."""

from datetime import datetime, timedelta
from typing import Final

from edge.analysis.picture import PictureState

PAUSE: Final = timedelta(seconds=30)
"""A picture may take a slow link four seconds, and a fault may come and go all the time."""


class AlertPictures:
    """`request` may be called by another thread, as by that of the thermal sensor beside the camera."""

    def __init__(self) -> None:
        self._is_requested = False
        self._faults: set[int] = set()
        self._last: datetime | None = None

    def request(self) -> None:
        """Take the next picture."""
        self._is_requested = True

    def is_due(self, state: PictureState, time: datetime) -> bool:
        """Whether this picture is to be kept: one was asked for, or shows a fault that the one before did not."""
        before, self._faults = self._faults, {number for number, fault in enumerate(state.faults) if fault}
        is_wanted, self._is_requested = self._is_requested or bool(self._faults - before), False
        if not is_wanted or (self._last is not None and self._last <= time < self._last + PAUSE):
            return False
        self._last = time
        return True
