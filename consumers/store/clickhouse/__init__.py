"""ClickHouse, in process or on a server: one connection, one dialect, and how a writer shuts out the one before."""
