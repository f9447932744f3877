"""Routes of the product itself: log, consumers, processes, storage, probes and sessions."""
