"""The warehouse: events as rows of ClickHouse, in process or on a server, and the queries over them."""

KEEP_DAYS = 400
"""So long rows stay where nobody says otherwise."""
