"""Encodes and decodes media: CloudEvents in binary mode, the bytes as payload and the attributes as user properties.

Decoding raises nothing: what does not fit the contract is returned as a `Malformed` with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from bus_schemas.codec import Malformed, sentences, stream_place
from bus_schemas.event import MAX_SEQUENCE, device_source, iso
from bus_schemas.media import Media, MediaEvent

UserProperties = Sequence[tuple[str, str]]


def media_key(source_site: str, source_device: str, kind: str, event_id: str) -> str:
    return f"{source_site}/{source_device}/{kind}/{event_id}"


def media_properties(event: MediaEvent) -> list[tuple[str, str]]:
    """The attributes of a medium as MQTT 5 user properties; the payload is the bytes themselves."""
    attributes: dict[str, Any] = {
        "specversion": event.specversion,
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": iso(event.time),
        "epoch": event.epoch,
        "sequence": event.sequence,
        "sha256": event.data.sha256,
        "width": event.data.width,
        "height": event.data.height,
        "duration": event.data.duration_s,
    }
    return [(name, str(value)) for name, value in attributes.items() if value is not None]


@dataclass(frozen=True, slots=True)
class MediaMessage:
    """A medium as it arrived: where, what its properties said, when, and its bytes."""

    site: str
    device: str
    kind: str
    content_type: str | None
    properties: UserProperties
    received: datetime
    payload: bytes


_CONTENT_TYPES: Mapping[str, str] = {
    "capture": "image/jpeg",
    "thumbnail": "image/jpeg",
    "segment": "video/mp2t",
    "thermal": "application/octet-stream",
}


def decode_media(message: MediaMessage) -> MediaEvent | Malformed:
    """Read a medium. A device that sends bytes alone gets an id from their hash and the time of arrival."""
    given = dict(message.properties)
    digest = sha256(message.payload).hexdigest()
    sequence = given.get("sequence")
    if given.get("sha256", digest) != digest:
        return _damaged(given, "the bytes do not have the sha256 that their properties name")
    source = device_source(message.site, message.device)
    if given.get("source", source) != source:
        return _damaged(given, f"the source {given['source']} is not that of the topic, {source}")
    event_id = given.get("id", digest[:32])
    data = {
        "key": media_key(message.site, message.device, message.kind, event_id),
        "kind": message.kind,
        "content_type": message.content_type or _CONTENT_TYPES.get(message.kind, "application/octet-stream"),
        "size": len(message.payload),
        "sha256": digest,
        "width": given.get("width"),
        "height": given.get("height"),
        "duration_s": given.get("duration"),
    }
    envelope = {
        "specversion": given.get("specversion", "1.0"),
        "id": event_id,
        "source": source,
        "type": given.get("type", "watchpost.media.v1"),
        "time": given.get("time", message.received),
        "epoch": given.get("epoch"),
        "sequence": sequence,
        "data": data,
    }
    try:
        return MediaEvent.model_validate(envelope)
    except ValidationError as error:
        return _damaged(given, sentences(error))


def _damaged(given: Mapping[str, str], reason: str) -> Malformed:
    sequence = given.get("sequence", "")
    is_number = sequence.isascii() and sequence.isdigit() and len(sequence) <= len(str(MAX_SEQUENCE))
    found = {"epoch": given.get("epoch"), "sequence": int(sequence) if is_number else None}
    return Malformed(b"", reason, *stream_place(found))


def describe(
    key: str,
    payload: bytes,
    *,
    content_type: str | None = None,
    width: int | None = None,
    height: int | None = None,
    duration_s: float | None = None,
) -> Media:
    """Describe bytes that a producer is about to put into its outbox; the kind is the third part of the key."""
    kind = key.split("/")[2]
    return Media.model_validate(
        {
            "key": key,
            "kind": kind,
            "content_type": content_type or _CONTENT_TYPES.get(kind, "application/octet-stream"),
            "size": len(payload),
            "sha256": sha256(payload).hexdigest(),
            "width": width,
            "height": height,
            "duration_s": duration_s,
        }
    )
