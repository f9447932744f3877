"""Verifies journal, archive and views: nothing is missing, nothing is there twice, and each view equals its fold."""
