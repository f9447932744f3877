"""Makes the addresses of media from their keys, and finds the keys again."""

from bus_schemas.media import MJPEG

_TRANSPORT_STREAM, _MP4 = ".ts", ".mp4"
"""Players of HLS refuse a segment whose address does not say what it is."""
SEGMENT = "segment"
THERMAL = "thermal"


def media_url(key: str) -> str:
    """A key is SITE/DEVICE/KIND/ID, of letters that need no quoting."""
    kind = key.split("/", 3)[2]
    return segment_url(key, "") if kind == SEGMENT else f"/media/{key}"


def picture_url(key: str) -> str:
    """The address of a picture that a browser shows: a raw frame of a thermal sensor is drawn for it."""
    site, device, kind, name = key.split("/", 3)
    if kind == THERMAL:
        return f"/api/v1/sites/{site}/devices/{device}/thermal.jpg?frame={name}"
    return media_url(key)


def segment_url(key: str, codec: str) -> str:
    """The address of a segment whose video is of this codec."""
    return f"/media/{key}{_MP4 if codec == MJPEG else _TRANSPORT_STREAM}"


def key_of_url(site: str, device: str, kind: str, name: str) -> str:
    """`name` is the last part of an address, with or without its extension."""
    plain = name.removesuffix(_TRANSPORT_STREAM).removesuffix(_MP4) if kind == SEGMENT else name
    return f"{site}/{device}/{kind}/{plain}"
