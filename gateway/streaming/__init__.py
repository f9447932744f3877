"""Answers without an end: events and pictures as they come."""
