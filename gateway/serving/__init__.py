"""Serves bytes: the page, and media with ranges and playlists."""
