"""Trials at a terminal or as a child of the gateway: what other rules, or the analysis of today, would have raised."""
