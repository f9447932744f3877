"""Draws the names of users at the broker: each enrolment has one of its own, so that a revoked one stays out."""

from secrets import token_hex

RANDOM_BYTES = 4


def new_user(node: str) -> str:
    return f"{node}.{token_hex(RANDOM_BYTES)}"
