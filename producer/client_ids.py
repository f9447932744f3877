"""Client ids: drawn by chance, because a broker ends the connection of whoever has the id that another brings."""

from secrets import token_hex

_BYTES = 16


def draw_client_id(role: str) -> str:
    """An id for one connection, which nobody can guess; `role` is for who reads the log of the broker."""
    return f"watchpost-{role}-{token_hex(_BYTES)}"
