"""Capture: opens sources, reads and decodes them, and records segments."""
