"""Draws random client ids: a broker disconnects the client whose id another one presents."""

from secrets import token_hex

_BYTES = 16


def draw_client_id(role: str) -> str:
    """An id for one connection, which nobody can guess; `role` is for who reads the log of the broker."""
    return f"watchpost-{role}-{token_hex(_BYTES)}"
