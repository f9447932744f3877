"""Answers queries over HTTP and serves the page; it keeps no state of its own."""
