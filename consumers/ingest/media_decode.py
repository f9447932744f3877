"""Decodes a medium: its bytes, and the properties of the message that describe it."""

from typing import get_args

from bus_schemas.codec import Malformed, to_bytes
from bus_schemas.media import MediaKind
from bus_schemas.media_codec import MediaMessage, decode_media
from bus_schemas.topics import BATCH
from consumers.ingest.acceptance import APART, has_checksum, refuse, unpermitted
from consumers.ingest.items import DescribedMedium, Item
from consumers.ingest.packets import Published
from consumers.ingest.topic_rules import TopicRule
from producer.times import moment

KINDS = get_args(MediaKind)


def read_medium(message: Published, received: int, rule: TopicRule) -> Item:
    source = dict(message.properties.user).get("source", rule.source)
    if has_checksum(message) and (rule.name not in KINDS or source != rule.source):
        # As with an event: what is whole was changed in its topic.
        return refuse(message, received, f"a medium of {source} does not belong on topic {message.topic}")
    described = decode_media(
        MediaMessage(
            rule.site,
            rule.device,
            rule.name or BATCH,
            message.properties.content_type,
            message.properties.user,
            moment(received),
            message.payload,
        )
    )
    stream_position = (rule.source, described.epoch, described.sequence)
    if isinstance(described, Malformed):
        return refuse(message, received, described.reason, stream_position=stream_position)
    if described.source != rule.source:
        return refuse(message, received, f"source {described.source} does not belong on topic {message.topic}")
    complaint = APART if (described.epoch is None) != (described.sequence is None) else unpermitted(described)
    if complaint is not None:
        return refuse(message, received, complaint, stream_position=stream_position)
    return DescribedMedium(described, to_bytes(described), received, message.payload)
