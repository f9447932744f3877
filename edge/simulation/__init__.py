"""Drawn scenes and virtual devices, for demonstrations and load tests."""
