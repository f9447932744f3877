"""Streaming answers: live events and live pictures."""
