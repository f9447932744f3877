"""The view of minute tiles: one mosaic of all devices of a site for each minute of the last 24 hours."""

RING = 1440
"""Minutes that are kept."""
