"""The stores of the hub: the journal, the archive of media, ClickHouse, and the claims on consumers."""
