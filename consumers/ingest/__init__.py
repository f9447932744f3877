"""Ingest moves the bus into the journal and the archive, and owns their durability."""

from consumers.ingest.run import run

__all__ = ["run"]
