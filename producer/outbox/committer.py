"""Commits to the outbox file, on a full disk first what is urgent, and after a while by dropping what matters least."""

import sqlite3
import threading
import time
from collections.abc import Sequence

import structlog

from producer.outbox.disk import DiskReserve
from producer.outbox.handoff import OutboxFailed, OutboxStuck
from producer.outbox.memory_queue import WaitingItems, by_urgency, weight, without
from producer.outbox.outbox_file import OutboxFile
from producer.outbox.priority import DROPPABLE, Priority
from producer.outbox.tables import DroppedDrafts, Item

FULL_PAUSE_S = 1.0
CALM_S = 10.0
"""So long no room had to be made before a disk is reported to have room again."""
SHRINK_AGAIN_S = 10.0

log = structlog.get_logger(__name__)


class Committer:
    """On a full disk it keeps what has no room in memory for a while; `stopping` ends that at once."""

    def __init__(self, file: OutboxFile, room: DiskReserve, stopping: threading.Event) -> None:
        self._file = file
        self._room = room
        self._stopping = stopping
        self._waiting = WaitingItems()
        self._full_since: float | None = None
        """By the monotonic clock, from the first commit that found the disk full to one that found room."""
        self._again_at = 0.0
        """By the monotonic clock, when all that waits is next tried on a full disk."""
        self._made_room_at: float | None = None
        """By the monotonic clock, the last time; None where the disk is reported to have room."""
        self.events_wait = False
        """Whether not only media wait."""
        self._stuck_since: float | None = None
        """By the monotonic clock, since when events wait for room that no confirmation makes."""

    @property
    def has_waiting(self) -> bool:
        """Whether anything waits for room."""
        return bool(self._waiting)

    def commit(self, items: list[Item]) -> bool:
        """Commit what waits and these. False when the process ends before there is room for them. Raises
        `OutboxFailed` with all of them where there will be none, or the file cannot be written.
        """
        due = self._waiting.take() + items
        try:
            return self._commit_anew(due)
        except OutboxFailed:
            raise
        except (sqlite3.Error, OSError) as error:
            raise OutboxFailed(f"the outbox cannot be written: {error}", due) from error

    def _commit_anew(self, due: list[Item]) -> bool:
        """In a new file where the one there is broken."""
        try:
            return self._commit(due)
        except sqlite3.DatabaseError as error:
            self._file.replace_broken(error)
            self._waiting.take()  # They are among what is due.
            return self._commit(due)

    def shrink(self) -> float:
        """Give the disk back a little of what the file no longer needs; in how many seconds to ask again."""
        try:
            return self._file.shrink()
        except (sqlite3.Error, OSError) as error:
            # Nobody needs it at once. Where the file is at fault, the next commit finds that out.
            log.info("outbox was not shrunk", reason=str(error))
            return SHRINK_AGAIN_S

    def _commit(self, items: list[Item]) -> bool:
        is_due = time.monotonic() >= self._again_at
        if is_due and self._try_without_loss(items):
            return True
        if self._goes_elsewhere_at_the_end():
            raise OutboxStuck(items=items)
        if not self._may_wait():
            return self._commit_by_dropping(items)
        urgent, media = by_urgency(items)
        # Urgent events come often and are small: they are tried each time, unless not even they had room.
        if (is_due or not self.events_wait) and self._commit_urgent(urgent):
            self.events_wait = False
            self._waiting.hold(media)
        else:
            self.events_wait = True
            self._waiting.hold(items)
            if self._is_given_up():
                raise OutboxStuck(items=self._waiting.take())
        return True

    def _is_given_up(self) -> bool:
        """Whether events have waited for so long that they are to go elsewhere."""
        longest_s, now = self._room.gives_up_after_s, time.monotonic()
        if longest_s is None or not self._file.is_stuck or self._stopping.is_set():
            self._stuck_since = None
            return False
        self._stuck_since = now if self._stuck_since is None else self._stuck_since
        return now - self._stuck_since >= longest_s

    def _goes_elsewhere_at_the_end(self) -> bool:
        """Whether the process ends, and dropping makes no room on the disk for what it has in hand."""
        return self._stopping.is_set() and self._file.is_stuck and self._room.gives_up_after_s is not None

    def _may_wait(self) -> bool:
        """For a while after the disk was found to be full, and not into the end of the process."""
        if self._full_since is None or self._stopping.is_set():
            return False
        return time.monotonic() - self._full_since < self._room.wait_s

    def _try_without_loss(self, items: Sequence[Item]) -> bool:
        """All together, after giving up what is confirmed where that is needed."""
        if self._try(items):
            self._note_room()
            return True
        self._again_at = time.monotonic() + FULL_PAUSE_S
        return self._try_with_confirmed_room(items)

    def _commit_urgent(self, items: Sequence[Item]) -> bool:
        """Nothing that is not confirmed is given up for them: where even they have no room, nothing of this file is
        being confirmed, and so they wait no longer than the link.
        """
        return not items or self._try(items) or self._try_with_confirmed_room(items)

    def _try_with_confirmed_room(self, items: Sequence[Item]) -> bool:
        self._make_room(items, None)
        return self._try(items)

    def _commit_by_dropping(self, items: list[Item]) -> bool:
        self.events_wait = False
        for worst in DROPPABLE:
            if self._try(items):
                return True
            items = [without(item, worst) for item in items]
            self._make_room(items, worst)
        while not self._try(items):
            if self._is_given_up():
                raise OutboxStuck(items=items)
            # Nothing is left to drop except for these. They wait here while the handoff counts what comes after them.
            if self._stopping.wait(FULL_PAUSE_S):
                if self._goes_elsewhere_at_the_end():
                    raise OutboxStuck(items=items)
                log.error("events lost, the disk is full", events=len(items))
                return False
            self._make_room(items, Priority.VITAL)
        return True

    def _try(self, items: Sequence[Item]) -> bool:
        if not self._file.try_to_commit(items):
            return False
        if self._full_since is not None and not self._waiting and not _has_dropped(items):
            self._full_since, self._again_at, self.events_wait = None, 0.0, False
        self._stuck_since = None
        return True

    def _note_room(self) -> None:
        """Where rows take the room of confirmed ones, a full disk has some at each commit: that is reported once."""
        if self._made_room_at is not None and time.monotonic() - self._made_room_at >= CALM_S:
            self._made_room_at = None
            self._file.reserve()
            log.info("outbox has room again")

    def _make_room(self, items: Sequence[Item], worst: Priority | None) -> None:
        now = time.monotonic()
        if self._full_since is None:
            self._full_since = now
        if self._made_room_at is None:
            log.warning("disk full, what has no room waits in memory, later the outbox gives up what matters least")
        self._made_room_at = now
        self._file.make_room(weight(items), worst)


def _has_dropped(items: Sequence[Item]) -> bool:
    return any(isinstance(item, DroppedDrafts) for item in items)
