"""The warehouse: events as rows of ClickHouse, in process or on a server, and the queries over them."""

from typing import Final

WAREHOUSE: Final = "warehouse"
"""Its name as a consumer, its directory, and its database where the configuration names no other."""
KEEP_DAYS = 400
"""So long rows stay where nobody says otherwise."""
