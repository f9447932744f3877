"""Writes the AsyncAPI 3 document of the bus from its channels and message models."""

from collections.abc import Iterable
from typing import Any, get_args

from pydantic.json_schema import models_json_schema

from bus_schemas import codec
from bus_schemas.catalogue import EVENT_MODELS, MODELS, short_name
from bus_schemas.channels import DEVICE, MEDIA, Channel, batch_of, channels
from bus_schemas.event import GATEWAY, HUB, NAME, Event
from bus_schemas.json_schema import Document, definitions
from bus_schemas.media import MediaKind
from bus_schemas.protocol import (
    MESSAGES,
    PROPERTIES,
    Claim,
    CommandReply,
    CommandRequest,
    DeviceReport,
    EventProperties,
    Head,
    HubReport,
    IngestStatus,
    LiveKind,
    MediaProperties,
    ProcessFaults,
    Watermark,
)
from bus_schemas.speakers import described
from bus_schemas.upcasts import UPCASTS

JSON = "application/json"
BINDING = "0.2.0"
"""The version of the MQTT bindings, from which on they know MQTT 5."""


def asyncapi(version: str) -> Document:
    """Operations are described from the side of the hub; those of agents among themselves are marked so."""
    every = tuple(channels())
    return {
        "asyncapi": "3.0.0",
        "id": "urn:watchpost",
        "info": {
            "title": "Watchpost",
            "version": version,
            "description": (
                "Events of cameras and thermal sensors over MQTT 5, as CloudEvents 1.0 in structured JSON mode. "
                "A device without an outbox leaves out epoch and sequence. Nothing counts as arrived before the "
                "watermark covers it."
            ),
            "license": {"name": "Apache 2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            "tags": [{"name": "hub"}, {"name": "agents"}],
        },
        "servers": _SERVERS,
        "defaultContentType": codec.SINGLE,
        "channels": {one.name: _channel(one) for one in every},
        "operations": {name: made for one in every for name, made in _operations(one)},
        "components": {
            "messages": _messages(),
            "schemas": _schemas(),
            "securitySchemes": {
                "user": {"type": "userPassword", "description": "User and password of CONNECT; see `mosquitto/acl`."}
            },
        },
    }


def _server(protocol: str, port: str, description: str, *, secured: bool) -> Document:
    made: Document = {
        "host": f"{{host}}:{port}",
        "protocol": protocol,
        "protocolVersion": "5.0",
        "description": description,
        "variables": {"host": {"default": "localhost", "description": "The machine of the broker."}},
        "bindings": {
            "mqtt": {
                "cleanSession": True,
                "keepAlive": 10,
                "lastWill": {
                    "topic": f"{DEVICE}/state",
                    "qos": 1,
                    "retain": True,
                    "message": "The event watchpost.state.v1 with online false.",
                },
                "bindingVersion": BINDING,
            }
        },
    }
    return {**made, "security": [{"$ref": "#/components/securitySchemes/user"}]} if secured else made


_SERVERS: Document = {
    "local": _server("mqtt", "1883", "On one machine, as `watchpost up` starts it.", secured=False),
    "production": _server("mqtts", "8883", "Over TLS, with a user for each device.", secured=True),
}


def _operations(channel: Channel) -> Iterable[tuple[str, Document]]:
    action = "receive" if channel.sender == "device" else "send"
    if channel.sender != "agents":
        yield channel.name, _operation(channel, action, "hub")
        return
    for each in ("send", "receive"):
        yield f"{channel.name}-{each}", _operation(channel, each, "agents")


def _operation(channel: Channel, action: str, side: str) -> Document:
    made: Document = {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": channel.description,
        "tags": [{"name": side}],
        "messages": _of_channel(channel.name, channel.messages),
        "bindings": {"mqtt": _binding(channel)},
    }
    if channel.reply is not None:
        reply = next(one for one in channels() if one.name == channel.reply)
        made["reply"] = {
            "channel": {"$ref": f"#/channels/{reply.name}"},
            "messages": _of_channel(reply.name, reply.messages),
        }
    return made


def _binding(channel: Channel) -> Document:
    expires = {} if channel.expires_s is None else {"messageExpiryInterval": channel.expires_s}
    return {"qos": channel.qos, "retain": channel.retain, **expires, "bindingVersion": BINDING}


def _of_channel(name: str, messages: Iterable[str]) -> list[Document]:
    return [{"$ref": f"#/channels/{name}/messages/{message}"} for message in messages]


def _channel(channel: Channel) -> Document:
    parameters = {name: of for name, of in _PARAMETERS.items() if f"{{{name}}}" in channel.address}
    return {
        "address": channel.address,
        "description": channel.description,
        **({"parameters": parameters} if parameters else {}),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in channel.messages},
    }


_PARAMETERS: Document = {
    "site": {"description": f"A place: {NAME}"},
    "device": {"description": f"A camera or sensor in it: {NAME}, but neither {HUB} nor {GATEWAY}."},
    "media": {"enum": list(get_args(MediaKind))},
    "live": {"enum": list(get_args(LiveKind))},
    "command": {"description": "What is asked for.", "examples": ["settings", "snapshot"]},
    "asker": {"description": "The asker, as the response topic of the request names it."},
    "process": {"description": "A process of the hub.", "examples": ["gateway", "alerts"]},
}


def _schemas() -> Document:
    _, found = models_json_schema(
        [(model, "validation") for model in (*MESSAGES, *PROPERTIES)], ref_template="#/components/schemas/{model}"
    )
    return {
        **definitions("validation", "#/components/schemas/{model}"),
        **found["$defs"],
        "Events": {"type": "array", "items": {"oneOf": [_ref(model.__name__) for model in EVENT_MODELS]}},
        "Bytes": {"type": "string", "format": "binary"},
    }


def _messages() -> dict[str, Document]:
    made: dict[str, Document] = {}
    for name, model in sorted(MODELS.items()):
        made[name] = _event_message(name, model)
        if name != MEDIA:
            made[batch_of(name)] = _batch_message(name, model)
    made[MEDIA] |= {
        "contentType": "application/octet-stream",
        "payload": _ref("Bytes"),
        "headers": _ref(MediaProperties.__name__),
        "description": f"{made[MEDIA]['description']} CloudEvents binary mode: the payload is the bytes, the "
        "attributes are user properties. The content type is that of the medium.",
    }
    return made | _packed_messages() | _other_messages()


def _event_message(name: str, model: type[Event]) -> Document:
    made: Document = {
        "name": name,
        "title": short_name(name).capitalize(),
        "contentType": codec.SINGLE,
        "headers": _ref(EventProperties.__name__),
        "payload": _ref(model.__name__),
    }
    summary = " ".join((model.model_fields["data"].annotation.__doc__ or "").split())
    if summary:
        made["summary"] = summary
    made["description"] = described(name)
    if model in UPCASTS:
        made["description"] += " An old version: still read, no longer sent."
    return made


def _batch_message(name: str, model: type[Event]) -> Document:
    return {
        "name": batch_of(name),
        "title": f"{short_name(name).capitalize()}, several",
        "summary": f"Consecutive events of one stream, at most {codec.MAX_BATCH:,}.",
        "contentType": codec.BATCH,
        "headers": _ref(EventProperties.__name__),
        "payload": {"type": "array", "items": _ref(model.__name__), "minItems": 1, "maxItems": codec.MAX_BATCH},
    }


def _packed_messages() -> dict[str, Document]:
    headers = _ref(EventProperties.__name__)
    words = (
        f"For more than {codec.GZIP_FROM_BYTES} bytes, where it makes them fewer. "
        f"Unpacked at most {codec.MAX_UNPACKED_BYTES:,} bytes are read."
    )
    packed = {"summary": words, "headers": headers, "payload": _ref("Bytes")}
    return {
        "events": {
            "name": "events",
            "title": "Events of several types",
            "contentType": codec.BATCH,
            "headers": headers,
            "payload": _ref("Events"),
        },
        "event-gzip": {
            "name": "event-gzip",
            "title": "One event, gzip",
            "contentType": codec.SINGLE + codec.GZIP,
            **packed,
        },
        "events-gzip": {
            "name": "events-gzip",
            "title": "Several events, gzip",
            "contentType": codec.BATCH + codec.GZIP,
            **packed,
        },
    }


def _other_messages() -> dict[str, Document]:
    correlation = {"type": "string", "description": "Any bytes; the answer carries the same."}
    topic = {"type": "string", "description": f"Under {DEVICE}/response/, where alone a device may answer."}
    location = {"location": "$message.header#/correlationData"}
    preview = {"name": "preview", "title": "A preview frame", "contentType": "image/jpeg", "payload": _ref("Bytes")}
    return {
        "preview": preview,
        "watermark": _message("watermark", "Watermark", Watermark),
        "claim": _message("claim", "Claim", Claim),
        "request": {
            **_message("request", "Request", CommandRequest),
            "correlationId": location,
            "bindings": {
                "mqtt": {"responseTopic": topic, "correlationData": correlation, "bindingVersion": BINDING},
            },
        },
        "reply": {
            **_message("reply", "Reply", CommandReply),
            "correlationId": location,
            "bindings": {"mqtt": {"correlationData": correlation, "bindingVersion": BINDING}},
        },
        "condition": _message("condition", "Condition of a device", DeviceReport),
        "hub-condition": _message("hub-condition", "Condition of the hub", HubReport),
        "head": _message("head", "Head of the journal", Head),
        "ingest": _message("ingest", "Status of ingest", IngestStatus),
        "faults": _message("faults", "Faults of a process", ProcessFaults),
    }


def _message(name: str, title: str, model: type[Any]) -> Document:
    summary = " ".join((model.__doc__ or "").split())
    return {"name": name, "title": title, "summary": summary, "contentType": JSON, "payload": _ref(model.__name__)}


def _ref(schema: str) -> Document:
    return {"$ref": f"#/components/schemas/{schema}"}
