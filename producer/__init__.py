"""The half of the delivery protocol that a producer of events holds: an outbox, and the relay that empties it."""
