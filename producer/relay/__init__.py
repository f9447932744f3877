"""Moves the outbox to the bus."""
