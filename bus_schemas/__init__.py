"""The contract of the bus: topics, events and their encoding. It needs pydantic and does no I/O."""
