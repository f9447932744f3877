"""The warehouse: events as rows of ClickHouse, in process or on a server, and the queries over them."""
