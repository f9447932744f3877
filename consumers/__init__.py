"""Everything that reads the journal, and ingest, which writes it."""
