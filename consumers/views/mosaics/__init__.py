"""Minute tiles: what all devices of a site looked like, minute by minute of the last 24 hours."""

RING = 1440
"""Minutes that are kept."""
