"""The bus as an AsyncAPI 3 document, generated from topics and models."""

from collections.abc import Iterable

from bus_schemas import codec, topics
from bus_schemas.catalogue import MODELS, short_name
from bus_schemas.event import HUB, NAME, Event
from bus_schemas.json_schema import Document, definitions
from bus_schemas.speakers import described
from bus_schemas.upcasts import UPCASTS


def asyncapi(version: str) -> Document:
    """Channels are the topics of the bus; operations are told from the hub's side."""
    channels = {**_event_channels(), **_other_channels()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Watchpost",
            "version": version,
            "description": (
                "Events of cameras and thermal sensors over MQTT 5, as CloudEvents 1.0 in structured JSON mode. "
                "A device without an outbox leaves out epoch and sequence."
            ),
        },
        "defaultContentType": codec.SINGLE,
        "channels": channels,
        "operations": {name: _operation(name, channel) for name, channel in channels.items()},
        "components": {
            "messages": _messages(),
            "schemas": {
                **definitions("validation", "#/components/schemas/{model}"),
                "Watermark": _WATERMARK,
                "Head": _HEAD,
                "Claim": _CLAIM,
                "Request": {"type": "object", "description": "The arguments of the command."},
                "Bytes": {"type": "string", "format": "binary"},
            },
        },
    }


_WATERMARK: Document = {
    "type": "object",
    "description": "Ingest holds everything of this stream up to and with this sequence; the outbox may forget it.",
    "required": ["source", "epoch", "sequence"],
    "properties": {
        "source": {"type": "string"},
        "epoch": {"type": "string"},
        "sequence": {"type": "integer", "minimum": 0},
        "session": {
            "type": "string",
            "description": "Another one each time ingest connects: what is not covered was lost with the one before.",
        },
    },
}
_HEAD: Document = {
    "type": "object",
    "description": "The last position of the journal; consumers wake up.",
    "required": ["position"],
    "properties": {"position": {"type": "integer", "minimum": 0}},
}
_CLAIM: Document = {
    "type": "object",
    "description": "An agent has this device, or wants it; of two the one stays that is established, or began first.",
    "required": ["instance", "node", "host", "pid", "since", "established"],
    "properties": {
        "instance": {"type": "string"},
        "node": {"type": "string"},
        "host": {"type": "string"},
        "pid": {"type": "integer"},
        "since": {"type": "string", "format": "date-time"},
        "established": {"type": "boolean"},
        "asks": {"type": "boolean", "description": "Whoever else has the device is to answer."},
    },
}
_SENT_BY_THE_HUB = {"watermark", "command", "head"}
_RETAINED = {"state", "watermark"}


def _operation(name: str, channel: Document) -> Document:
    at_most_once = name in {"live", "head"}
    return {
        "action": "send" if name in _SENT_BY_THE_HUB else "receive",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{message}"} for message in channel["messages"]],
        "bindings": {"mqtt": {"qos": 0 if at_most_once else 1, "retain": name in _RETAINED, "bindingVersion": "0.2.0"}},
    }


def _channel(address: str, description: str, messages: Iterable[str]) -> Document:
    parameters = {name: _PARAMETERS[name] for name in _PARAMETERS if f"{{{name}}}" in address}
    return {
        "address": address,
        "description": description,
        **({"parameters": parameters} if parameters else {}),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


_PARAMETERS: Document = {
    "site": {"description": f"A place: {NAME}"},
    "device": {"description": f"A camera or sensor in it: {NAME}"},
    "media": {"enum": ["capture", "thumbnail", "segment", "thermal"]},
    "preview": {"enum": ["visual", "thermal"]},
    "command": {"description": "What is asked for, such as snapshot"},
}
_DEVICE = f"{topics.ROOT}/{{site}}/{{device}}"


def _event_channels() -> dict[str, Document]:
    by_name: dict[str, list[str]] = {}
    for event_type in sorted(MODELS):
        if event_type not in {"watchpost.media.v1", "watchpost.state.v1"}:
            by_name.setdefault(short_name(event_type), []).append(event_type)
    channels = {
        f"event-{name}": _channel(f"{_DEVICE}/event/{name}", f"Events of type {', '.join(types)}.", types)
        for name, types in by_name.items()
    }
    every = [event_type for types in by_name.values() for event_type in types]
    mixed = "Consecutive events of one stream that are of several types."
    channels["event-batch"] = _channel(f"{_DEVICE}/event/{topics.BATCH}", mixed, every)
    return channels


def _other_channels() -> dict[str, Document]:
    return {
        "media": _channel(
            f"{_DEVICE}/media/{{media}}",
            "The bytes of a medium; its attributes are user properties (CloudEvents binary mode).",
            ["watchpost.media.v1"],
        ),
        "live": _channel(f"{_DEVICE}/live/{{preview}}", "Preview frames, which may be dropped.", ["preview"]),
        "state": _channel(f"{_DEVICE}/state", "Online, or offline as the last will.", ["watchpost.state.v1"]),
        "watermark": _channel(f"{_DEVICE}/watermark", "What the producer's outbox may forget.", ["watermark"]),
        "claim": _channel(f"{_DEVICE}/claim", "Agents ask and answer who has this device.", ["claim"]),
        "command": _channel(
            f"{_DEVICE}/command/{{command}}",
            "A request, never retained; the answer goes to its response topic.",
            ["request"],
        ),
        "head": _channel(topics.HEAD, f"News for consumers, from the device {HUB}.", ["head"]),
    }


def _messages() -> dict[str, Document]:
    events = {name: _event_message(name, model) for name, model in sorted(MODELS.items())}
    events["watchpost.media.v1"] |= {"contentType": "application/octet-stream", "payload": _ref("Bytes")}
    return {
        **events,
        "preview": {"title": "A preview frame", "contentType": "image/jpeg", "payload": _ref("Bytes")},
        "watermark": {"title": "Watermark", "contentType": "application/json", "payload": _ref("Watermark")},
        "claim": {"title": "Claim", "contentType": "application/json", "payload": _ref("Claim")},
        "request": {"title": "Request", "contentType": "application/json", "payload": _ref("Request")},
        "head": {"title": "Head of the journal", "contentType": "application/json", "payload": _ref("Head")},
    }


def _event_message(name: str, model: type[Event]) -> Document:
    message: Document = {"name": name, "title": short_name(name).capitalize(), "payload": _ref(model.__name__)}
    summary = " ".join((model.model_fields["data"].annotation.__doc__ or "").split())
    if summary:
        message["summary"] = summary
    message["description"] = described(name)
    if model in UPCASTS:
        message["description"] += " An old version: still read, no longer sent."
    return message


def _ref(schema: str) -> Document:
    return {"$ref": f"#/components/schemas/{schema}"}
