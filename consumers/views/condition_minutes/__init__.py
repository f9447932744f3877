"""The view of how each device was in each minute of the last 90 days, from which shares of longer times are counted."""

KEPT_DAYS = 90
