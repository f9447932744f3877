"""What ingest subscribes to: every topic of the contract, and wrong topics below `watchpost/`, which it rejects."""

from bus_schemas.catalogue import MODELS, short_name
from consumers.ingest.packets import Subscription

_NOT_A_CHANNEL = (
    "events", "Event", "telemetry", "data", "status", "images", "image", "picture", "sensor", "sensors", "measurement",
    "measurements", "reading", "readings", "value", "values", "message", "messages", "metrics", "log", "info", "video",
    *sorted({short_name(name) for name in MODELS} - {"media", "command"}),
)  # fmt: skip
"""Words that people put for `event`, the names of our events among them."""

_FEW = (
    "watchpost/+",
    "watchpost/+/+",
    "watchpost/+/+/+",
    # States, and the faults that processes of the hub report.
    "watchpost/+/+/+/+",
)
"""Filters of topics of which a device may write two."""

# In the place of our version any: what speaks another one is kept as rejected, not overheard. So is what has too few
# levels, or too many, or a word that people put for `event`. What these filters leave out is as long as an event's
# topic, which the previews of every camera are too: to take those in only to pass them over would cost too much.
_MANY = (
    "watchpost/+/+/+/event/+",
    "watchpost/+/+/+/media/+",
    "watchpost/+/+/+/+/+/+/#",
    *(f"watchpost/+/+/+/{word}/+" for word in _NOT_A_CHANNEL),
)
"""Filters of topics of which a device may write, and have the broker retain, as many as it likes."""

LIVE = (*(Subscription(topic) for topic in _FEW), *(Subscription(topic, has_retained=False) for topic in _MANY))
RETAINED = tuple(Subscription(topic, qos=0) for topic in _MANY)
"""Nothing of it is acknowledged: the broker still has it at the next connect."""
