"""Where the hub keeps things: the journal, the archive of media, ClickHouse, and the claims on them."""
