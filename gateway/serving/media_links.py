"""Addresses of media, made of their keys."""


def media_url(key: str) -> str:
    """A key is SITE/DEVICE/KIND/ID, of letters that need no quoting."""
    return f"/media/{key}"
