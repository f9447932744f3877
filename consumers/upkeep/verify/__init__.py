"""Proves what the journal, the archive and the views promise: nothing missing, nothing twice, every view its fold."""
