"""Ids as the addresses of the gateway and new events take them; journals from before that rule have others."""

import re
from hashlib import sha256
from typing import Final

PLAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""The pattern of `bus_schemas.limits.PlainId`."""


def plain_id(text: str) -> str:
    """The id, or one that is always the same for it."""
    if PLAIN.fullmatch(text):
        return text
    return f"odd-{sha256(text.encode(errors='surrogatepass')).hexdigest()[:40]}"
