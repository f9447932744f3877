"""Copies a data directory while it is in use, and puts such a copy in the place of one that was lost."""
