"""Looks after what is stored: retention, verification, export and import of the log."""
