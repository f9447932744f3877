"""The producer's half of delivery: an outbox, and the relay that empties it."""
