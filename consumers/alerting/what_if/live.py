"""Opens the live views for a trial, read-only."""

import sqlite3
from pathlib import Path

from consumers.engine.projection import Projection
from consumers.engine.shape import shape_of
from consumers.engine.view_files import open_view


class BeingRebuilt(RuntimeError):
    """A view was made by another version of its projection, and is folded again."""


def live_view(data: Path, projection: type[Projection]) -> sqlite3.Connection:
    """Read-only; the caller closes it. Raises `NoView` and `BeingRebuilt`."""
    view = open_view(data, projection.name)
    if why := shape_of(projection).difference(view):
        view.close()
        raise BeingRebuilt(f"the view {projection.name!r} is folded again, for {why}; try again later")
    return view
