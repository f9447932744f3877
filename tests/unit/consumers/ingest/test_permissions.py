"""The door takes from each speaker what it may say: every type, every speaker, alone, in a batch and beside others."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.event import GATEWAY, HUB, Event, device_source, place
from bus_schemas.media import MediaEvent
from bus_schemas.media_codec import media_properties
from bus_schemas.node import StateEvent
from bus_schemas.speakers import violation
from bus_schemas.topics import event_topic, media_topic, state_topic
from consumers.ingest.decoding import read
from consumers.ingest.items import DescribedMedium, Item, RefusedMessage
from consumers.ingest.packets import PacketProperties, Published
from consumers.ingest.plan import make_plan
from consumers.store.journal.writing import Accepted
from tests import builders

DEVICE_SOURCE = device_source(builders.SITE, builders.DEVICE)
SOURCES = [DEVICE_SOURCE, device_source(builders.SITE, HUB), device_source(builders.SITE, GATEWAY)]


def published(event: Event) -> Published:
    """As its producer would send it."""
    if isinstance(event, MediaEvent):
        properties = PacketProperties(event.data.content_type, tuple(media_properties(event)))
        return Published(media_topic(event.source, event.data.kind), 1, properties, b"bytes")
    if isinstance(event, StateEvent):
        return Published(state_topic(event.source), 1, PacketProperties(), to_bytes(event))
    return Published(event_topic(event.source, "batch"), 1, PacketProperties(), to_bytes(event))


def arrive(*messages: Published) -> list[Item]:
    return read(messages, 1_800_000_000_000_000)


def batch(source: str, events: Sequence[Event]) -> Published:
    return Published(
        event_topic(source, "batch"), 1, PacketProperties(), b"[" + b",".join(map(to_bytes, events)) + b"]"
    )


@pytest.mark.parametrize(("build", "source"), list(product(builders.EVERY_KIND, SOURCES)))
def test_the_door_takes_what_the_contract_lets_a_source_say(build: Callable[..., Any], source: str) -> None:
    # The key of a medium is made of the topic.
    event = build(device=place(source)[1]) if build is builders.media else build(source=source)
    expected = violation(source, event.type, event.data)

    (item,) = arrive(published(event))

    if expected is None:
        assert isinstance(item, Accepted | DescribedMedium)
    else:
        assert isinstance(item, RefusedMessage)
        assert item.reason == expected


def test_one_forged_event_of_a_batch_costs_itself_and_a_gap_stands_in_its_place() -> None:
    later = builders.START + timedelta(seconds=1)
    forged = builders.incident(source=DEVICE_SOURCE, epoch="one", sequence=2)
    events = [builders.frame(epoch="one", sequence=1), forged, builders.frame(later, epoch="one", sequence=3)]

    plan = make_plan(arrive(batch(DEVICE_SOURCE, events)), lambda *_: 0, (), {})

    assert [item.event.type.split(".")[1] for item in plan.accepted] == ["frame", "gap", "frame"]
    assert [rejected.reason for rejected in plan.rejected] == [
        "only the hub may send an event of type watchpost.incident.v2, not /sites/DEMO/devices/yard"
    ]


def test_a_batch_as_usual_is_refused_the_one_event_that_names_media_of_another() -> None:
    own, other = builders.segment(), builders.segment(device="cellar").model_copy(update={"source": DEVICE_SOURCE})

    first, second, third = arrive(batch(DEVICE_SOURCE, [own, other, own]))

    assert isinstance(first, Accepted)
    assert isinstance(third, Accepted)
    assert isinstance(second, RefusedMessage)
    assert "not a medium of /sites/DEMO/devices/yard" in second.reason


def test_messages_of_one_event_each_are_refused_one_by_one() -> None:
    own, other = builders.segment(), builders.segment(device="cellar").model_copy(update={"source": DEVICE_SOURCE})
    messages = [
        Published(event_topic(DEVICE_SOURCE, "segment"), 1, PacketProperties(), to_bytes(e)) for e in (own, other, own)
    ]

    assert [type(item) for item in arrive(*messages)] == [Accepted, RefusedMessage, Accepted]


def test_an_acknowledgement_by_admin_from_a_device_is_kept_as_rejected() -> None:
    forged = builders.alert(state="acknowledged", by="admin", source=DEVICE_SOURCE)

    (item,) = arrive(published(forged))

    assert isinstance(item, RefusedMessage)
    assert json.loads(item.body)["data"]["by"] == "admin"
    assert item.reason == (
        "only the hub or the gateway may send an event of type watchpost.alert.v1, not /sites/DEMO/devices/yard"
    )


def test_the_site_of_the_hub_has_no_devices_that_say_anything() -> None:
    (item,) = arrive(published(builders.frame(site=HUB, device="yard")))

    assert isinstance(item, RefusedMessage)
    assert item.reason == "the site _hub has no devices"


@pytest.mark.parametrize(("site", "device"), [(HUB, "yard"), ("DEMO", GATEWAY)])
def test_who_may_leave_no_gap_leaves_none(site: str, device: str) -> None:
    """A gap is an event of its source too: verify would find it for ever, said by nobody who may."""
    (event,) = builders.numbered([builders.frame(site=site, device=device)])

    (item,) = arrive(published(event))

    assert isinstance(item, RefusedMessage)
    assert (item.source, item.epoch, item.sequence) == (None, None, None)
