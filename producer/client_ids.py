"""Draws random client ids: a broker disconnects the client whose id another one presents."""

from secrets import token_hex

_BYTES = 16


def draw_client_id(role: str) -> str:
    """A random id for one connection. `role` is for people who read the log of the broker."""
    return f"watchpost-{role}-{token_hex(_BYTES)}"
