"""Checks the strength of a token. Imports nothing else, because the check of a configuration uses it too."""

SHORTEST_TOKEN = 16


class WeakToken(ValueError):
    """A token that could be guessed."""


def require_strong(token: str) -> None:
    """Raises `WeakToken`."""
    if len(token) < SHORTEST_TOKEN:
        raise WeakToken(
            f"a token of {len(token)} characters can be guessed; it needs at least {SHORTEST_TOKEN}, as"
            " `openssl rand -hex 16` makes them"
        )
    if not token.isascii() or not token.isprintable() or any(character.isspace() for character in token):
        raise WeakToken("a token consists of letters, digits and signs of ASCII, without spaces")
