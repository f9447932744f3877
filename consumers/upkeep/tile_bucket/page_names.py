"""The names of what is in the bucket beside the minutes, and how long its links hold: also for who only links to it."""

from datetime import timedelta
from typing import Final

RING: Final = "ring.json"
INDEX: Final = "index.html"
SIGNED_PAGE: Final = "signed.html"
LINKS_LAST: Final = timedelta(days=7)
"""The longest that signature version 4 knows."""
RENEWED_AFTER: Final = timedelta(hours=6)
