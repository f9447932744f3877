"""Every type of event, said by every kind of speaker, about every kind of subject."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from bus_schemas.catalogue import EVENT_MODELS, MODELS, type_of
from bus_schemas.event import GATEWAY, HUB, HUB_SOURCE, Event, MediaKey, device_source
from bus_schemas.speakers import MEDIA_FIELDS, PERMISSIONS, Speaker, Subject, speaker_of, violation
from tests import builders

SITE, DEVICE = builders.SITE, builders.DEVICE
SOURCES = {
    Speaker.DEVICE: device_source(SITE, DEVICE),
    Speaker.HUB: device_source(SITE, HUB),
    Speaker.GATEWAY: device_source(SITE, GATEWAY),
}
HUB_ALONE = {"fault", "incident", "retention", "recording", "rules"}
GATEWAY_ALONE = {"annotation", "hold", "mute", "review"}
NO_DEVICE = {"registry"}
SHARED = {"alert", "command", "gap", "heartbeat"}
EVERY_KIND = {build.__name__: build for build in builders.EVERY_KIND}


def short(event: Event) -> str:
    return event.type.split(".")[1]


def data_of(event: Event) -> Any:
    return event.data  # type: ignore[attr-defined]  # every model has it


def said(event: Event, speaker: Speaker) -> str | None:
    return violation(SOURCES[speaker], event.type, data_of(event))


@pytest.mark.parametrize(("kind", "speaker"), list(product(EVERY_KIND, Speaker)))
def test_a_type_of_event_is_taken_from_its_speaker_alone(kind: str, speaker: Speaker) -> None:
    event = EVERY_KIND[kind]()
    state = getattr(data_of(event), "state", None)
    may_say = {
        "alert": Speaker.GATEWAY if state == "acknowledged" else Speaker.HUB,
        "command": Speaker.GATEWAY if state == "asked" else Speaker.DEVICE,
        "export": Speaker.GATEWAY if state == "asked" else Speaker.HUB,
    }
    name = short(event)
    if name in may_say:
        expected = speaker is may_say[name] or (name == "command" and state != "asked" and speaker is Speaker.HUB)
    elif name in SHARED:
        expected = speaker is not Speaker.GATEWAY
    elif name in NO_DEVICE:
        expected = speaker is not Speaker.DEVICE
    elif name in HUB_ALONE | GATEWAY_ALONE:
        expected = speaker is (Speaker.HUB if name in HUB_ALONE else Speaker.GATEWAY)
    else:
        expected = speaker is Speaker.DEVICE

    assert (said(event, speaker) is None) == expected


@pytest.mark.parametrize("state", ["raised", "acknowledged", "cleared"])
def test_a_device_says_nothing_of_an_alert(state: str) -> None:
    reason = said(builders.alert(state=state), Speaker.DEVICE)

    assert "not /sites/DEMO/devices/yard" in str(reason)


def test_the_gateway_acknowledges_alerts_and_neither_raises_nor_clears_them() -> None:
    said_of = {
        state: said(builders.alert(state=state), Speaker.GATEWAY) for state in ("raised", "acknowledged", "cleared")
    }

    assert said_of["acknowledged"] is None
    assert said_of["raised"]
    assert said_of["cleared"]


def test_the_hub_acknowledges_no_alert() -> None:
    assert said(builders.alert(state="acknowledged"), Speaker.HUB)


@pytest.mark.parametrize("speaker", [Speaker.DEVICE, Speaker.HUB])
def test_only_the_gateway_asks(speaker: Speaker) -> None:
    assert said(builders.command(state="asked"), speaker)
    assert said(builders.command(state="asked"), Speaker.GATEWAY) is None


def media_fields(model: type[BaseModel]) -> Iterator[str]:
    key = TypeAdapter(MediaKey).json_schema()["pattern"]
    for name, field in model.model_json_schema()["properties"].items():
        if key in json.dumps(field).replace("\\\\", "\\"):
            yield name


@pytest.mark.parametrize("model", EVENT_MODELS, ids=type_of)
def test_every_key_of_a_medium_is_looked_at(model: type[Event]) -> None:
    data: Any = model.model_fields["data"].annotation

    assert set(media_fields(data)) <= set(MEDIA_FIELDS)


def built(kind: str, speaker: Speaker) -> Event:
    """An event of this kind, in a state that is for this speaker to say where there is one."""
    states = {("alert", Speaker.GATEWAY): "acknowledged", ("command", Speaker.GATEWAY): "asked"}
    state = states.get((kind, speaker))
    return EVERY_KIND[kind]() if state is None else EVERY_KIND[kind](state=state)


def places(speaker: Speaker) -> list[tuple[str, str]]:
    """Kinds of events that this speaker may say, with each field in which they name a place or media."""
    found = []
    for kind in EVERY_KIND:
        event = built(kind, speaker)
        names = type(data_of(event)).model_fields.keys() & {"site", "device", *MEDIA_FIELDS}
        found += [(kind, name) for name in sorted(names) if said(event, speaker) is None]
    return found


def named(kind: str, name: str, place: tuple[str, str], speaker: Speaker) -> Event:
    """An event of this kind that names this place in this field."""
    event = built(kind, speaker)
    data: Any = data_of(event)
    key = f"{place[0]}/{place[1]}/capture/x"
    value = {"site": place[0], "device": place[1], "key": key}.get(name, (key,))
    return event.model_copy(update={"data": data.model_copy(update={name: value})})


@pytest.mark.parametrize(("kind", "name"), places(Speaker.DEVICE))
@pytest.mark.parametrize("place", [(SITE, "other"), ("OTHER", DEVICE), ("OTHER", HUB)])
def test_a_device_names_nothing_of_another_device(kind: str, name: str, place: tuple[str, str]) -> None:
    own, foreign = named(kind, name, (SITE, DEVICE), Speaker.DEVICE), named(kind, name, place, Speaker.DEVICE)

    assert said(own, Speaker.DEVICE) is None
    assert bool(said(foreign, Speaker.DEVICE)) is (data_of(foreign) != data_of(own))


OTHERS = [(speaker, *named) for speaker in (Speaker.HUB, Speaker.GATEWAY) for named in places(speaker)]


@pytest.mark.parametrize(("speaker", "kind", "name"), OTHERS)
def test_hub_and_gateway_of_a_site_speak_of_its_devices_and_of_no_other_site(
    speaker: Speaker, kind: str, name: str
) -> None:
    subject = PERMISSIONS[EVERY_KIND[kind]().type][speaker].subject
    beside = said(named(kind, name, (SITE, "other"), speaker), speaker)

    assert (beside is None) == (subject is Subject.OTHERS)
    if name != "device":
        assert said(named(kind, name, ("OTHER", DEVICE), speaker), speaker)


def test_the_hub_of_all_sites_speaks_of_every_site() -> None:
    event = builders.recording()

    assert violation(device_source(HUB, HUB), event.type, event.data) is None


def test_a_device_names_its_own_media() -> None:
    own, other = builders.segment(), builders.segment(device="other")

    assert said(own, Speaker.DEVICE) is None
    assert "not a medium of" in str(said(other, Speaker.DEVICE))


def test_the_clock_of_the_hub_is_the_hub() -> None:
    assert speaker_of(HUB_SOURCE) is Speaker.HUB


def test_the_site_of_the_hub_has_no_devices() -> None:
    with pytest.raises(ValueError, match="has no devices"):
        speaker_of(device_source(HUB, "yard"))
    assert violation(device_source(HUB, "yard"), builders.frame().type, builders.frame().data)


def test_every_type_of_event_says_who_may_say_it() -> None:
    assert PERMISSIONS.keys() == MODELS.keys()
    assert all(PERMISSIONS.values())
