"""The journal on SQLite: one file in WAL mode a UTC day of commit; positions go on from file to file."""

from consumers.journal.answers import DayRow, Filter, GapRow, Order, RejectedRow, Stored, StreamRow
from consumers.journal.days import DroppedDay
from consumers.journal.queries import JournalQueries
from consumers.journal.reader import SqliteJournalReader
from consumers.journal.writer import Journal
from consumers.journal.writing import Accepted, Rejected, StreamState

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
