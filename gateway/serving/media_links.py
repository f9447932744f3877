"""Makes the addresses of media from their keys, and finds the keys again."""

_EXTENSIONS = {"segment": ".ts"}
"""Players of HLS refuse a segment whose address does not say what it is."""


def media_url(key: str) -> str:
    """A key is SITE/DEVICE/KIND/ID, of letters that need no quoting."""
    kind = key.split("/", 3)[2]
    return f"/media/{key}{_EXTENSIONS.get(kind, '')}"


def key_of_url(site: str, device: str, kind: str, name: str) -> str:
    """`name` is the last part of an address, with or without its extension."""
    return f"{site}/{device}/{kind}/{name.removesuffix(_EXTENSIONS.get(kind, ''))}"
