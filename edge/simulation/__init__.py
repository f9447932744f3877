"""Drawn scenes and virtual devices, for demonstration and load."""
