"""Runs trials at a terminal or as a child of the gateway: other rules or the current analysis on past events."""
