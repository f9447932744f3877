"""Every field of every event, with whatever should not stand there: refused by its name, or harmless to all others.

Everything goes through the reading of ingest into one journal, beside a good device; then every consumer folds it, what
they emit goes the same way, and every question of the gateway is asked.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from functools import reduce
from math import isfinite
from operator import getitem
from typing import Any, NoReturn
from uuid import NAMESPACE_URL, uuid5

import httpx
import pytest

from bus_schemas.catalogue import MODELS
from bus_schemas.codec import to_bytes
from bus_schemas.event import HUB_SOURCE, device_source, iso, place
from bus_schemas.speakers import PERMISSIONS, Speaker
from bus_schemas.topics import media_topic
from consumers.alerting.incidents.questions import open_incidents
from consumers.engine import view_files
from consumers.ingest.decoding import read
from consumers.ingest.items import RefusedMessage
from consumers.ingest.packets import PacketProperties, Published
from consumers.store.journal.reader import SqliteJournalReader
from gateway.app import operations
from gateway.http.parameters import Nothing
from gateway.server import stores_of
from producer.times import micros
from tests import builders
from tests.builders import DEVICE, SITE, at
from tests.eventually import eventually
from tests.integration.gateway.api_document import ENDLESS, READ
from tests.integration.gateway.started import Started, hub_of
from tests.samples import Path as Place
from tests.samples import places, whole_event
from tests.whole_hub import Bus, topic_of

STRANGER = device_source(SITE, "stranger")
RECEIVED = micros(at(60))
SOURCES = {
    Speaker.DEVICE: STRANGER,
    Speaker.HUB: device_source(SITE, "_hub"),
    Speaker.GATEWAY: device_source(SITE, "_gateway"),
}
NAMES = ('"a b"', '"a/b"', '"a\\u0000b"', '"🙂"', '"../../etc/passwd"', '"\\ud800"', '"%00"', '"a\\n"', '"_hub"')
HOSTILE = (
    *("1e400", "-1e400", "1e300", "-1e300", "9" * 30, "-" + "9" * 30, "-1", "-0.5", "0", "NaN", "Infinity"),
    *('""', '"' + "x" * 10_000 + '"', *NAMES, "null", "true", "[]", "{}", '"1e400"', '"2199-12-31T23:59:59.999Z"'),
    *(
        '"1970-01-01T00:00:07Z"',
        "[" + "0," * 2_000 + "0]",
        '["x"' + ',"x"' * 2_000 + "]",
        '{"a":' * 150 + "1" + "}" * 150,
    ),
    *("[" * 150 + "]" * 150, "[" * 5000),
)
MANY_MEMBERS = "{" + ",".join(f'"k{n}":1' for n in range(12_000)) + "}"
"""For places where an object may stand: elsewhere it is an object like any other, and takes long to be read."""


HERE, NAME = '"@here@"', '"@name@"'
"""What stands in the JSON of an event in place of the value and of its id: it is written once for all values."""


def written(tree: Any, path: Place) -> str:
    """The tree as JSON with `HERE` at one place."""
    if not path:
        return HERE
    tree = json.loads(json.dumps(tree))
    reduce(getitem, path[:-1], tree)[path[-1]] = json.loads(HERE)
    return json.dumps(tree)


def hostile(whole: Any) -> Iterator[tuple[Place, str, str]]:
    """Each place, the event as JSON with `HERE` there, and each value."""
    for path in places(whole):
        text = written(whole, path)
        yield from ((path, text, value) for value in HOSTILE)
        if isinstance(reduce(getitem, path, whole), dict):
            yield path, text, MANY_MEMBERS


def bent(event_type: str) -> Iterator[tuple[Published, Place]]:
    """An event of this type for each place and each value, each in a stream of its own: none repeats another."""
    whole = whole_event(event_type)
    speaker, permission = next(iter(PERMISSIONS[event_type].items()))
    whole["source"] = SOURCES[speaker]
    if permission.states:
        whole["data"]["state"] = min(permission.states)
    if "device" in whole["data"]:
        whole["data"]["device"] = "stranger"
    if "retired" in whole["data"]:
        # Without its device it speaks of the whole site, and nothing is judged of what is retired.
        whole["data"]["retired"] = False
    topic = topic_of(event_type, whole["source"])
    whole = {**whole, "id": json.loads(NAME), "epoch": json.loads(NAME)}
    for number, (path, text, value) in enumerate(hostile(whole)):
        body = named(text, f"{event_type}/{number}").replace(HERE, value)
        yield Published(topic, 1, PacketProperties("application/json"), body.encode()), path
    text = written(whole, ("new",))
    for number, value in enumerate((*HOSTILE, MANY_MEMBERS)):
        body = named(text, f"{event_type}/new/{number}").replace(HERE, value)
        yield Published(topic, 1, PacketProperties(), body.encode()), ("new",)


def named(text: str, name: str) -> str:
    return text.replace(NAME, f'"{uuid5(NAMESPACE_URL, name)}"')


def bent_media() -> Iterator[Published]:
    """Media whose properties, content type or topic say something odd."""
    for kind in ("capture", "segment", "x", "thermal"):
        for name in (
            "id",
            "source",
            "type",
            "time",
            "epoch",
            "sequence",
            "sha256",
            "width",
            "height",
            "duration",
            "new",
        ):
            for number, value in enumerate(HOSTILE):
                text = value.strip('"')[:60_000]
                given = {"id": f"{kind}-{name}-{number}", name: text}
                yield Published(
                    media_topic(STRANGER, kind), 1, PacketProperties("image/jpeg", tuple(given.items())), b"\xff\xd8"
                )
    for number, value in enumerate(HOSTILE):
        user = (("id", f"type-{number}"),)
        yield Published(media_topic(STRANGER, "capture"), 1, PacketProperties(value.strip('"'), user), b"\xff\xd8 one")


def bent_topics() -> Iterator[Published]:
    body = to_bytes(builders.detection(device="stranger"))
    for value in HOSTILE:
        text = value.strip('"')[:1000]
        for topic in (
            f"watchpost/{text}",
            f"watchpost/v1/{text}/yard/event/detection",
            f"watchpost/v1/DEMO/yard/event/{text}",
        ):
            yield Published(topic, 1, PacketProperties(text, (("content-encoding", text),)), body)


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    with closing(Bus(hub_of(tmp_path_factory.mktemp("hostile")))) as bus:
        bus.tick(0)
        # A sink begins at the end of what is there.
        bus.fold(0.5)
        bus.say(builders.health(at(1)), 1)
        for number, event_type in enumerate(MODELS):
            bus.take([message for message, _ in bent(event_type)], 10 + number)
            bus.tick(10.5 + number)
        bus.take([*bent_media(), *bent_topics()], 100)
        bus.say(builders.thermal(at(110), hottest=99.5, id="hot"), 110)
        bus.tick(120)
        bus.fold(121)
        bus.tick(200)
        bus.fold(201)
        yield bus


def test_it_is_refused_with_a_sentence_that_names_the_field() -> None:
    unnamed, count = [], 0
    # A medium comes as bytes, and is refused as a whole where it does not.
    for event_type in sorted(MODELS.keys() - {"watchpost.media.v1"}):
        for message, path in bent(event_type):
            for item in read([message], RECEIVED):
                if isinstance(item, RefusedMessage):
                    count += 1
                    # What has too many members is named as a whole.
                    fields = [key for key in path if isinstance(key, str) and key != "data"] or ["data"]
                    is_named = any(field in item.reason for field in fields) or "may send nothing about" in item.reason
                    if not is_named and not item.reason.startswith("not JSON"):
                        unnamed.append((path, message.payload[:300], item.reason))

    assert count > 5000
    assert unnamed == []


def test_every_consumer_is_at_the_head_and_the_good_device_is_heard(bus: Bus) -> None:
    assert bus.failures() == []
    assert bus.behind() == []
    with closing(view_files.open_view(bus.hub.data, "alerting")) as view:
        caused = [one["type"] for one in open_incidents(view) if one["device"] == DEVICE and "hot" in one["causes"]]
    assert "hot_spot" in caused
    with closing(view_files.open_view(bus.hub.data, "alerting")) as view:
        found = view.execute("select type from alerts where device = ? and level = 'critical'", (DEVICE,)).fetchall()
    assert ("hot_spot",) in found


@pytest.fixture(scope="module")
def client(bus: Bus) -> Iterator[httpx.Client]:
    with Started(bus.hub, stores=stores_of(bus.hub)) as started, started.client() as client:
        eventually(lambda: client.get("/api/v1/sites/DEMO/people").status_code != 503, 60, "the rows of the warehouse")
        yield client


def _refuse_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    assert isfinite(value), f"{text} is a number that nobody can read"
    return value


def strictly(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)


ASKED = [one for one in operations() if one.method == "GET" and not one.path.startswith(ENDLESS)]
SPANS: tuple[dict[str, str], ...] = (
    {},
    {"from": iso(at(-60)), "to": iso(at(700))},
    {"from": iso(at(0)), "limit": "1000"},
    {"as_of": iso(at(300))},
    {"date": "2026-01-05"},
)


@pytest.mark.parametrize("operation", ASKED, ids=lambda operation: operation.name)
def test_every_question_has_an_answer_that_is_json(client: httpx.Client, operation: Any) -> None:
    for device in ("stranger", DEVICE) if "{device}" in operation.path else (DEVICE,):
        path = operation.path
        for name, value in {**READ, "device": device}.items():
            path = path.replace(f"{{{name}}}", value)
        for query in SPANS if operation.parameters is not Nothing else SPANS[:1]:
            answer = client.get(path, params=query)
            assert answer.status_code < 500 or (answer.status_code == 503 and path == "/ready"), answer.text[:500]
            if "json" in answer.headers.get("content-type", ""):
                strictly(answer.text)


def test_the_whole_log_is_read_line_by_line(client: httpx.Client, bus: Bus) -> None:
    with client.stream("GET", "/api/v1/events", headers={"Accept": "application/x-ndjson"}) as answer:
        count = sum(1 for line in answer.iter_lines() if line and strictly(line)["position"])

    assert count == bus.head


def test_sources_stay_places(bus: Bus) -> None:
    with closing(SqliteJournalReader(bus.hub.data / "journal")) as reader:
        sources = {record.source for record in reader.read(0, limit=100_000).records}

    known = {*SOURCES.values(), device_source(SITE, DEVICE), HUB_SOURCE}
    assert {place(source) for source in sources} <= {place(source) for source in known}
