"""The contract of the bus: topics, events and their encoding. Needs pydantic, does no I/O."""
