"""The consumers, which read the journal, and ingest, which writes it."""
