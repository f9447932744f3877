"""The journal on ClickHouse: one table of events in which a group is one block, and what can be derived from it."""
