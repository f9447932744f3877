"""Upkeep of the stores: retention, verification, backup, export and import of the log."""
