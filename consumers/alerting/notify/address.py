"""Checks the address of a webhook. Imports nothing else, because the check of a configuration uses it too."""

from urllib.parse import urlsplit


class InvalidAddress(ValueError):
    """The address is none that can be posted to. The message does not repeat it."""


def valid_address(text: str) -> str:
    """The address that a secret holds. Raises `InvalidAddress`."""
    text = text.strip()
    if any(character.isspace() or not character.isprintable() for character in text):
        raise InvalidAddress("the address of the receiver has a space or a control character in it")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidAddress("the address of the receiver is no address of the web") from None
    if parts.scheme not in {"http", "https"}:
        raise InvalidAddress("the address of the receiver begins with neither https:// nor http://")
    if not host:
        raise InvalidAddress("the address of the receiver names no host")
    return text
