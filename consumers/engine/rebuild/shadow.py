"""The shadow of a rebuild: begun again, or continued if nothing on which it depends has changed."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from consumers.engine import checkpoint, view_files
from consumers.engine.checkpoint import Made
from consumers.engine.follower import ConsumerContext
from consumers.engine.projection import Projection
from consumers.engine.shape import shape_of
from consumers.engine.view_creation import create, made_now


@dataclass(slots=True)
class Shadow:
    """`begun_at` is where it goes on; `discarded` why what an earlier rebuild left there was of no use."""

    view: sqlite3.Connection
    file: Path
    made: Made
    begun_at: int = 0
    discarded: str | None = None


def open_shadow(projection: Projection, context: ConsumerContext, goal: int, *, restart: bool) -> Shadow:
    """Go on with what an interrupted rebuild left, if it is the same fold of the same journal; else begin."""
    file = view_files.next_file(context.data, projection.name)
    made = made_now(projection, context.journal)
    why = _why_not(projection, context, file, made, restart=restart) if file.exists() else None
    if file.exists() and why is None:
        view = _opened(projection, file)
        view.execute("update checkpoint set silent_until = ?", (goal,))
        return Shadow(view, file, checkpoint.made(view), checkpoint.load(view))
    view_files.remove(file)
    view = _opened(projection, file)
    checkpoint.make(view, made)
    checkpoint.belong(view, context.journal.journal_id())
    checkpoint.begin(view, 0, projection.version, silent=goal)
    return Shadow(view, file, made, discarded=why)


def _opened(projection: Projection, file: Path) -> sqlite3.Connection:
    view = create(projection, file)
    view_files.expect_much(view)
    return view


def _why_not(projection: Projection, context: ConsumerContext, file: Path, made: Made, *, restart: bool) -> str | None:
    """Why what was begun is of no use; `None` where it can be gone on with."""
    if restart:
        return "that was asked for"
    try:
        begun = view_files.open_file(file)
    except sqlite3.OperationalError:
        return "what was begun cannot be opened"
    try:
        return _difference(projection, context, begun, made)
    except sqlite3.DatabaseError:
        return "what was begun cannot be read"
    finally:
        begun.close()


def _difference(projection: Projection, context: ConsumerContext, begun: sqlite3.Connection, made: Made) -> str | None:
    version, before = checkpoint.version(begun), checkpoint.made(begun)
    position = checkpoint.load(begun)
    if version != projection.version:
        return "nothing was folded yet" if version is None else f"it was begun by version {version} of the projection"
    if checkpoint.is_of_another_journal(begun, context.journal.journal_id()):
        return "the journal is another one"
    if before.configuration != made.configuration:
        return "the configuration is another one"
    if (why := shape_of(projection).difference(begun)) is not None:
        return why
    if made.floor > max(before.floor, position + 1):
        return f"the journal was dropped up to position {made.floor - 1:,} meanwhile"
    return None
