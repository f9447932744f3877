"""Makes the rejection of an event that is well-formed but not accepted."""

from bus_schemas.catalogue import short_name
from bus_schemas.media import MediaEvent
from bus_schemas.topics import event_topic, media_topic
from consumers.ingest.items import Taken
from consumers.store.journal.writing import Rejected


def rejection(item: Taken, reason: str) -> Rejected:
    """Under the topic on which such an event comes."""
    event = item.event
    if isinstance(event, MediaEvent):
        return Rejected(item.received, media_topic(event.source, event.data.kind), reason, item.body)
    return Rejected(item.received, event_topic(event.source, short_name(event.type)), reason, item.body)
