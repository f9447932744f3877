"""Every id and name that an event may have is taken where it stands later: in an address, a topic, a key or a folder.

What the contract accepts and no route takes could never be released, cancelled or looked up.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits, printable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pydantic_core import SchemaValidator, ValidationError

from bus_schemas import topics
from bus_schemas.catalogue import MODELS
from bus_schemas.event import device_source
from consumers.store.archive.keys import parse_key
from consumers.upkeep.exports.order import folder_of
from tests.builders import DEVICE, SITE
from tests.integration.gateway.started import Filled, Started

LONGEST_NAME = 128
"""Characters; longer texts are read by people."""
ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "alert_id": ("GET /api/v1/alerts/{}/why", "POST /api/v1/alerts/{}/acknowledge", "GET /api/v1/alerts?after={}"),
    "annotation_id": ("GET /api/v1/annotations/{}", "POST /api/v1/annotations/{}/remove"),
    "annotation.id": ("GET /api/v1/annotations/{}", "POST /api/v1/annotations/{}/remove"),
    "commands": (f"POST /api/v1/sites/{SITE}/devices/{DEVICE}/commands/{{}}",),
    "device": (f"GET /api/v1/sites/{SITE}/devices/{{}}", "GET /api/v1/events?device={}", "GET /api/v1/clips?device={}"),
    "export_id": ("GET /api/v1/exports/{}", "POST /api/v1/exports/{}/cancel", "POST /api/v1/exports/{}/remove"),
    "hold_id": ("GET /api/v1/holds/{}", "POST /api/v1/holds/{}/release"),
    "incident_id": ("GET /api/v1/incidents/{}",),
    "review.id": ("POST /api/v1/incident-reviews/{}/undo",),
    "media": ("GET /media/{}",),
    "mute_id": ("POST /api/v1/mutes/{}/end",),
    "request_id": ("GET /api/v1/commands/{}",),
    "site": ("GET /api/v1/sites/{}/devices", "GET /api/v1/exports?site={}"),
    "source": ("GET /api/v1/events?source={}",),
    "trigger": ("GET /api/v1/clips?trigger={}",),
    "type": ("GET /api/v1/alerts?type={}", "GET /api/v1/incidents?type={}"),
}
PLACES: Mapping[str, Callable[[str], Any]] = {
    "site": lambda name: topics.parse(topics.state_topic(device_source(name, DEVICE))),
    "device": lambda name: topics.parse(topics.state_topic(device_source(SITE, name))),
    "source": lambda name: name == "/hub" or topics.parse(topics.state_topic(name)),
    "commands": lambda name: topics.parse(topics.command_topic(device_source(SITE, DEVICE), name)),
    "media": parse_key,
    "export_id": lambda name: folder_of(Path(), name),
}
SAME = {
    **dict.fromkeys(("devices", "node"), "device"),
    "agent.devices": "site and device",
    **{"incidents": "incident_id", "types": "type", "undoes": "review.id"},
    **dict.fromkeys(("key", "current_frame", "previous_frame", "last_3_media"), "media"),
}
IDENTIFIES = re.compile(r"(^|_)(ids?|keys?|names?|sites?|devices?|nodes?|sources?|types?|triggers?|commands)$")
IN_NO_ADDRESS = {"id", "recording_id", "disk_id", "name", "device_name", "event_triggers", "content_type"}
"""Shown and compared only."""


def texts(schema: Any, name: str = "") -> Iterator[tuple[str, SchemaValidator]]:
    """Every text of a schema that is no more than a name, with what it takes."""
    kind = schema.get("type")
    if kind == "str" or (kind == "function-after" and schema["schema"].get("type") == "str"):
        inner = schema if kind == "str" else schema["schema"]
        if "pattern" in inner or inner.get("max_length", LONGEST_NAME + 1) <= LONGEST_NAME:
            yield name, SchemaValidator(schema)
    elif kind == "model-fields":
        for field, inner in schema["fields"].items():
            yield from texts(inner["schema"], field)
    else:
        for part in ("schema", "values_schema"):
            if part in schema:
                yield from texts(schema[part], name)
        for inner in schema.get("items_schema", ()):
            yield from texts(inner, name)


def named() -> Iterator[tuple[str, str, SchemaValidator]]:
    for event_type, model in MODELS.items():
        for name, takes in texts(model.__pydantic_core_schema__):
            short = f"{event_type.split('.')[1]}.{name}"
            found = short if short in ADDRESSES else SAME.get(short, SAME.get(name, name))
            yield event_type, found, takes


FOUND = list(named())


def batched(letters: str, most: int = 16) -> Iterator[str]:
    yield from (letters[start : start + most] for start in range(0, len(letters), most))


def odd_names() -> Iterator[str]:
    """With each character somewhere, of each length that a limit may have, and what means something in a path.

    Letters and digits mean nothing in an address but themselves, so many of them share a name.
    """
    for character in (
        *(character for character in printable if not character.isalnum()),
        *"aBz09",
        "\N{SKULL}",
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
        "\N{RIGHT-TO-LEFT OVERRIDE}",
        "\0",
    ):
        yield from (character, f"a{character}b")
    yield from (*batched(ascii_lowercase), *batched(ascii_uppercase), digits, f"a{digits}")
    for length in (1, 31, 32, 33, 63, 64, 65, 127, 128, 129):
        yield from (letter * length for letter in "a%")
    yield from (letter * 63 for letter in "B_9-:.")
    yield from ("..", "...", "../journal", "/etc/passwd", "_hub", "%2e%2e", "null", "a/../b")


def values(name: str) -> Iterator[str]:
    for odd in odd_names():
        if name == "media":
            yield from (f"{SITE}/{DEVICE}/capture/{odd}", f"{SITE}/{DEVICE}/{odd}/one", f"{odd}/{DEVICE}/capture/one")
        elif name == "source":
            yield from (device_source(SITE, odd), device_source(odd, DEVICE))
        else:
            yield odd


def accepted(name: str, takes: SchemaValidator) -> Iterator[str]:
    for value in values(name):
        try:
            takes.validate_python(value, strict=True)
        except ValidationError:
            continue
        yield value


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with Filled(tmp_path_factory.mktemp("hub")) as filled:
        filled.fold()
        with Started(filled.hub) as started, started.client() as client:
            yield client


def test_each_name_in_an_event_has_its_address_or_is_known_to_have_none() -> None:
    """A new one: name its routes in `ADDRESSES`, or say that no address has it."""
    identifying = {name for _, name, _ in FOUND if IDENTIFIES.search(name)}

    assert identifying - ADDRESSES.keys() - IN_NO_ADDRESS == set()
    assert ADDRESSES.keys() - {name for _, name, _ in FOUND} == set()


@pytest.mark.parametrize("name", ADDRESSES)
def test_whatever_the_contract_takes_is_taken_by_its_addresses(client: httpx.Client, name: str) -> None:
    wanted = {value for _, found, takes in FOUND if found == name for value in accepted(name, takes)}
    refused = []
    for address in ADDRESSES[name]:
        method, path = address.split(" ")
        body = (
            None
            if method == "GET"
            else {"by": "ada", **({"reason": "over"} if path.endswith(("release", "end")) else {})}
        )
        safe = "/" if name in ("media", "source") else ""
        for value in sorted(wanted):
            if value in (".", ".."):
                # A client resolves them before it asks.
                continue
            answer = client.request(method, path.format(quote(value, safe=safe)), json=body)
            if answer.status_code == 400 or answer.json().get("detail", "").startswith("there is nothing at"):
                refused.append((address, value, answer.text))

    assert len(wanted) > 5
    assert refused == []


@pytest.mark.parametrize("name", PLACES)
def test_whatever_the_contract_takes_fits_into_its_topic_key_or_folder(name: str) -> None:
    for value in {value for _, found, takes in FOUND if found == name for value in accepted(name, takes)}:
        PLACES[name](value)
