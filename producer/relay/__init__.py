"""The relay: publishes the outbox to the bus."""
