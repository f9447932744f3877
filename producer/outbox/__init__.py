"""The outbox: the events of a producer that the journal has not confirmed yet."""
