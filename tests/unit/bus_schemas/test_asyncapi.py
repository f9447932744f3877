import re
from collections.abc import Iterator
from typing import Any

from bus_schemas import topics
from bus_schemas.asyncapi import asyncapi
from bus_schemas.catalogue import MODELS


def references(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(document.get("$ref"), str):
            yield document["$ref"]
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from references(part)


def resolve(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def test_every_reference_of_the_document_leads_somewhere() -> None:
    document = asyncapi("1.2.3")

    assert all(resolve(document, reference) is not None for reference in references(document))


def test_every_channel_is_a_topic_of_the_contract() -> None:
    examples = {"site": "DEMO", "device": "yard", "media": "capture", "preview": "visual", "command": "snapshot"}
    channels = asyncapi("1.2.3")["channels"].values()

    addresses = [channel["address"].format(**examples) for channel in channels if channel["address"] != topics.HEAD]

    assert [str(topics.parse(address)) for address in addresses] == addresses


def test_every_placeholder_of_an_address_is_a_parameter() -> None:
    for channel in asyncapi("1.2.3")["channels"].values():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel.get("parameters", {}))


def test_every_type_travels_on_a_channel() -> None:
    channels = asyncapi("1.2.3")["channels"].values()

    assert {message for channel in channels for message in channel["messages"]} >= set(MODELS)


def test_the_hub_sends_watermarks_and_receives_events() -> None:
    operations = asyncapi("1.2.3")["operations"]

    assert operations["watermark"]["action"] == "send"
    assert operations["command"]["bindings"]["mqtt"]["retain"] is False
    assert operations["event-detection"]["action"] == "receive"
    assert operations["state"]["bindings"]["mqtt"] == {"qos": 1, "retain": True, "bindingVersion": "0.2.0"}
