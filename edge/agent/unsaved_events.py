"""Keeps what no disk took when an agent ends: in memory, for the next agent of this machine."""

import sqlite3
from pathlib import Path

import structlog

from edge.agent.outbox_place import outbox_place
from edge.agent.settings import NodeSettings
from producer.ids import Clock
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Item

log = structlog.get_logger(__name__)


def keep_unsaved(unsaved: list[Item], data: Path, settings: NodeSettings, clock: Clock) -> None:
    """Commit it to the outbox in memory, which the next agent sends. It raises nothing: the agent ends."""
    if not unsaved:
        return
    count = len(unsaved)
    try:
        place = outbox_place(data, settings, "the agent ends")
        with Outbox(place.path, clock, place.limits, room=place.room, is_exclusive=True, unsaved=unsaved):
            pass
    except (sqlite3.Error, OSError) as error:
        log.error("events lost", events=count, reason=str(error))
        return
    if unsaved:
        log.error("events lost", events=len(unsaved))
    else:
        log.warning("events that no disk took are kept in memory", events=count)
