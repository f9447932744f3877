"""Lists every channel of the bus with its topic, messages, sender and quality of service, for AsyncAPI."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bus_schemas import topics
from bus_schemas.catalogue import MODELS, short_name, type_of
from bus_schemas.event import GATEWAY, HUB
from bus_schemas.media import MediaEvent
from bus_schemas.node import StateEvent
from bus_schemas.protocol import REPORT_EXPIRES_S
from bus_schemas.speakers import PERMISSIONS, Speaker

Sender = Literal["device", "hub", "gateway", "agents"]
"""`agents`: they ask and answer each other."""

DEVICE = f"{topics.ROOT}/{{site}}/{{device}}"
MEDIA, STATE = type_of(MediaEvent), type_of(StateEvent)

PACKED = ("events-gzip", "event-gzip")
"""The messages that hold any others of a channel, packed."""


@dataclass(frozen=True, slots=True)
class Channel:
    """`messages` are names of messages; `reply` is the channel on which a request is answered. `expires_s` is for how
    long the broker keeps a message.
    """

    name: str
    address: str
    description: str
    sender: Sender
    messages: tuple[str, ...]
    qos: Literal[0, 1] = 1
    retain: bool = False
    reply: str | None = None
    expires_s: int | None = None


def batch_of(event_type: str) -> str:
    """The name of the message that holds several events of one type."""
    return f"{event_type}.batch"


def channels() -> Iterator[Channel]:
    yield from _events("device", DEVICE, "event", "Events of a device")
    yield from _events("hub", f"{topics.ROOT}/{{site}}/{HUB}", "hub-event", "Events of the consumers of the hub")
    yield from _events("gateway", f"{topics.ROOT}/{{site}}/{GATEWAY}", "gateway-event", "What people did")
    yield from _OTHERS


def _events(sender: Literal["device", "hub", "gateway"], place: str, prefix: str, words: str) -> Iterator[Channel]:
    """One channel a short name, and one for messages that hold several types."""
    by_name: dict[str, list[str]] = {}
    for event_type in sorted(MODELS):
        if event_type not in {MEDIA, STATE} and Speaker(sender) in PERMISSIONS[event_type]:
            by_name.setdefault(short_name(event_type), []).append(event_type)
    for name, types in by_name.items():
        messages = (*types, *map(batch_of, types), *PACKED)
        description = f"{words}, of type {', '.join(types)}."
        yield Channel(f"{prefix}-{name}", f"{place}/event/{name}", description, sender, messages)
    every = tuple(event_type for types in by_name.values() for event_type in types)
    description = f"{words}: consecutive ones of one stream that are of several types."
    messages = (*every, "events", *PACKED)
    yield Channel(f"{prefix}-{topics.BATCH}", f"{place}/event/{topics.BATCH}", description, sender, messages)


_OTHERS: tuple[Channel, ...] = (
    Channel("media", f"{DEVICE}/media/{{media}}", "The bytes of media.", "device", (MEDIA,)),
    Channel(
        "live",
        f"{DEVICE}/live/{{live}}",
        "Preview frames, which may be lost. They are sent while somebody watches: at once after the command `watch`, "
        "otherwise some seconds after somebody has subscribed. To find that out, a device sends one every few seconds "
        "with QoS 1, whose acknowledgement says whether anybody gets it.",
        "device",
        ("preview",),
        qos=0,
    ),
    Channel(
        "state",
        f"{DEVICE}/state",
        "Online, or offline: said at an orderly stop, or by the broker as the last will of a lost connection.",
        "device",
        (STATE,),
        retain=True,
    ),
    Channel("claim", f"{DEVICE}/claim", "Agents ask and answer who has this device.", "agents", ("claim",)),
    Channel("watermark", f"{DEVICE}/watermark", "What an outbox may forget.", "hub", ("watermark",), retain=True),
    Channel(
        "condition",
        f"{DEVICE}/condition",
        "How a device is: what the wall and every other surface of the hub say of it.",
        "hub",
        ("condition",),
        retain=True,
        expires_s=REPORT_EXPIRES_S,
    ),
    Channel(
        "hub-condition",
        topics.HUB_CONDITION,
        "How the hub itself is: the worst of its incidents and of its parts.",
        "gateway",
        ("hub-condition",),
        retain=True,
        expires_s=REPORT_EXPIRES_S,
    ),
    Channel(
        "command",
        f"{DEVICE}/command/{{command}}",
        "A request to a device. It is never retained: whoever subscribed later would carry out what is over.",
        "gateway",
        ("request",),
        reply="response",
    ),
    Channel(
        "response",
        f"{DEVICE}/response/{{asker}}",
        "The answer to whoever asked. Everybody gets the same as a `command` or `settings` event.",
        "device",
        ("reply",),
    ),
    Channel("head", topics.HEAD, "The journal has grown.", "hub", ("head",), qos=0),
    Channel("ingest", topics.INGEST, "How ingest does, every two seconds.", "hub", ("ingest",), qos=0, retain=True),
    Channel(
        "faults",
        topics.faults_topic("{process}"),
        "Every fault that a process of the hub knows of, every five seconds and at once where something changes.",
        "hub",
        ("faults",),
    ),
)
