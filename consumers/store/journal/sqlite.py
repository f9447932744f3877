"""The journal on SQLite: one file in WAL mode a UTC day of commit; positions go on from file to file."""

from consumers.store.journal.answers import DayRow, Filter, GapRow, Order, RejectedRow, Stored, StreamRow
from consumers.store.journal.days import DroppedDay
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted, Rejected, StreamState

__all__ = [
    "Accepted",
    "DayRow",
    "DroppedDay",
    "Filter",
    "GapRow",
    "Journal",
    "JournalQueries",
    "Order",
    "Rejected",
    "RejectedRow",
    "SqliteJournalReader",
    "Stored",
    "StreamRow",
    "StreamState",
]
