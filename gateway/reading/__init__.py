"""Reads the stores in threads: the journal, the views and the rows, now or as of a moment."""
