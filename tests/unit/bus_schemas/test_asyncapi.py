import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from jsonschema import Draft202012Validator

from bus_schemas import codec, media_codec, topics
from bus_schemas.asyncapi import asyncapi
from bus_schemas.catalogue import MODELS
from bus_schemas.channels import channels
from bus_schemas.checksum import CHECKSUM, checksum
from bus_schemas.media import MediaEvent
from bus_schemas.protocol import REPORT_AGAIN_S, REPORT_EXPIRES_S


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


EXAMPLES = {
    "site": "DEMO",
    "device": "yard",
    "media": "capture",
    "live": "fusion",
    "command": "snapshot",
    "asker": "me",
    "process": "alerts",
}


def test_every_channel_of_a_device_is_a_topic_of_the_contract() -> None:
    addresses = [one.address.format(**EXAMPLES) for one in channels() if "{device}" in one.address]
    addresses.remove("watchpost/v1/DEMO/yard/response/me")

    assert [str(topics.parse(address)) for address in addresses] == addresses


def test_every_topic_that_is_built_is_a_channel() -> None:
    source = "/sites/DEMO/devices/yard"
    command = topics.command_topic(source, "snapshot")
    built = {
        topics.event_topic(source, "frame"),
        topics.event_topic("/sites/DEMO/devices/_hub", "incident"),
        topics.event_topic("/sites/DEMO/devices/_gateway", "alert"),
        topics.media_topic(source, "capture"),
        topics.live_topic(source, "fusion"),
        topics.state_topic(source),
        topics.watermark_topic(source),
        topics.claim_topic(source),
        topics.condition_topic(source),
        command,
        topics.response_topic(topics.parse(command), "me"),
        topics.faults_topic("alerts"),
        topics.HEAD,
        topics.INGEST,
        topics.HUB_CONDITION,
    }

    assert built <= {one.address.format(**EXAMPLES) for one in channels()}


def test_every_placeholder_of_an_address_is_a_parameter() -> None:
    for channel in asyncapi("1.2.3")["channels"].values():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel.get("parameters", {}))


def test_every_type_travels_on_a_channel() -> None:
    found = asyncapi("1.2.3")["channels"].values()

    assert {message for channel in found for message in channel["messages"]} >= set(MODELS)


def test_only_who_may_say_an_event_has_a_channel_for_it() -> None:
    names = {one.name for one in channels()}

    assert {"event-frame", "hub-event-incident", "gateway-event-annotation"} <= names
    assert names.isdisjoint({"event-incident", "hub-event-frame", "gateway-event-incident"})


def test_every_form_of_an_event_is_a_message() -> None:
    document = asyncapi("1.2.3")
    channel = document["channels"]["event-detection"]["messages"]

    forms = {document["components"]["messages"][name]["contentType"] for name in channel}
    assert forms == {codec.SINGLE, codec.BATCH, codec.SINGLE + codec.GZIP, codec.BATCH + codec.GZIP}


def test_the_hub_sends_watermarks_and_receives_events() -> None:
    operations = asyncapi("1.2.3")["operations"]

    assert operations["watermark"]["action"] == "send"
    assert operations["command"]["bindings"]["mqtt"]["retain"] is False
    assert operations["command"]["reply"]["channel"] == {"$ref": "#/channels/response"}
    assert operations["event-detection"]["action"] == "receive"
    assert operations["live"]["bindings"]["mqtt"]["qos"] == 0
    assert operations["state"]["bindings"]["mqtt"] == {"qos": 1, "retain": True, "bindingVersion": "0.2.0"}


def test_what_is_retained_of_conditions_is_dropped_once_nobody_says_it_again() -> None:
    operations = asyncapi("1.2.3")["operations"]

    expected = {"qos": 1, "retain": True, "messageExpiryInterval": REPORT_EXPIRES_S, "bindingVersion": "0.2.0"}
    for name in ("condition", "hub-condition"):
        assert operations[name]["bindings"]["mqtt"] == expected
    assert REPORT_EXPIRES_S >= 3 * REPORT_AGAIN_S


def test_what_is_written_as_properties_of_a_medium_is_what_the_document_says() -> None:
    moment = datetime(2026, 1, 5, 10, tzinfo=UTC)
    body = b"\xff\xd8"
    data = media_codec.describe("DEMO/yard/segment/m1", body, width=640, height=360, duration_s=4.2)
    event = MediaEvent(id="m1", source="/sites/DEMO/devices/yard", time=moment, epoch="e", sequence=3, data=data)
    written = dict(media_codec.media_properties(event)) | {CHECKSUM: checksum(body, "video/mp2t")}

    document = asyncapi("1.2.3")
    schema = document["components"]["schemas"]["MediaProperties"]
    assert set(schema["properties"]) == set(written)
    assert list(Draft202012Validator(schema).iter_errors(written)) == []
