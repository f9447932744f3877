"""Bytes as they are: the page, and media with ranges and playlists."""
