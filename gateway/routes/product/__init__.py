"""The product itself: its log, consumers, processes and storage, its probes, and who is signed in."""
