"""What ingest subscribes to: every topic of the contract, and wrong topics below `watchpost/`, which it rejects."""

from bus_schemas.catalogue import MODELS, short_name

_NOT_A_CHANNEL = (
    "events", "Event", "telemetry", "data", "status", "images", "image", "picture", "sensor", "sensors", "measurement",
    "measurements", "reading", "readings", "value", "values", "message", "messages", "metrics", "log", "info", "video",
    *sorted({short_name(name) for name in MODELS} - {"media", "command"}),
)  # fmt: skip
"""Words that people put for `event`, the names of our events among them."""

# In the place of our version any: what speaks another one is kept as rejected, not overheard. So is what has too few
# levels, or too many, or a word that people put for `event`. What these filters leave out is as long as an event's
# topic, which the previews of every camera are too: to take those in only to pass them over would cost too much.
TOPICS = (
    "watchpost/+/+/+/event/+",
    "watchpost/+/+/+/media/+",
    "watchpost/+",
    "watchpost/+/+",
    "watchpost/+/+/+",
    # States, and the faults that processes of the hub report.
    "watchpost/+/+/+/+",
    "watchpost/+/+/+/+/+/+/#",
    *(f"watchpost/+/+/+/{word}/+" for word in _NOT_A_CHANNEL),
)
