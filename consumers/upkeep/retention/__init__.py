"""Retention: deletes old or surplus media and days of the journal, and emits an event for each deletion."""
