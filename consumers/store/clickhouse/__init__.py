"""ClickHouse, in process or on a server: connections, dialects, and insert tables that shut out an earlier writer."""
