"""Makes the addresses of media from their keys."""


def media_url(key: str) -> str:
    """A key is SITE/DEVICE/KIND/ID, of letters that need no quoting."""
    return f"/media/{key}"
