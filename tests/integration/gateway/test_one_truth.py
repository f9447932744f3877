"""Whatever happens at a site, every surface says the same of it: at that moment, and of that moment later."""

import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import httpx
import pytest

from bus_schemas.camera import Frame, FrameEvent
from bus_schemas.event import iso
from bus_schemas.protocol import HubReport
from bus_schemas.topics import HUB_CONDITION
from consumers.alerting.announcer import ConditionAnnouncer
from consumers.hub_config import HubConfig
from consumers.store.journal.reader import SqliteJournalReader
from consumers.upkeep.verify.run import check
from producer.broker import BrokerAddress
from producer.times import moment_of_seconds
from tests.asked import Asked
from tests.broker import Broker
from tests.builders import at
from tests.eventually import eventually
from tests.ingest_reports import IngestReports
from tests.integration.gateway.started import Started
from tests.minute_surfaces import minutes
from tests.past_surfaces import of_bucket, of_people, of_report, of_tables, of_video
from tests.retained_messages import retained
from tests.surfaces import (
    OF_AGENTS,
    OF_MINUTES,
    OF_TRIALS,
    SURFACES,
    Said,
    changes,
    differences,
    reporting_paths,
    said,
)
from tests.varied_site import STEP_S, VariedSite
from tests.whole_hub import Bus
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.hubs import configured, hub_config

SEED = int(os.environ.get("WATCHPOST_VARIED_SEED", "4"))
LASTS_S = int(os.environ.get("WATCHPOST_VARIED_S", "900"))
MOMENT_EVERY_S = 55
LATER_S = 3600


def config() -> WatchpostConfig:
    scene = {name: {"kind": "scene", "scene": name} for name in ("visual", "thermal")}
    cameras = [
        {"device": name, "name": name.title(), "visual": scene["visual"]} for name in ("yard", "gate", "roof", "attic")
    ]
    sensors = [{"device": name, "name": name.title(), "thermal": scene["thermal"]} for name in ("oven", "kiln")]
    site = {"site": "DEMO", "name": "Demo yard", "time_zone": "Europe/Berlin", "devices": [*cameras, *sensors]}
    return WatchpostConfig.model_validate({"sites": [site]})


class Lived(NamedTuple):
    """What was said at each second, of now, and what is said an hour later of it."""

    hub: HubConfig
    client: httpx.Client
    then: dict[int, Said]
    later: dict[int, Said]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Lived]:
    data, now, made = tmp_path_factory.mktemp("varied"), [at(0)], config()
    address, then = BrokerAddress(port=broker.port), dict[int, Said]()
    hub = hub_config(made, data, {})
    with (
        closing(Bus(hub, configured(made), 0)) as bus,
        patch("gateway.health_check.CHECK_EVERY_S", 0.2),
        Started(hub, address, clock=lambda: now[0]) as started,
        started.client() as client,
        closing(ConditionAnnouncer(data)) as announcer,
        IngestReports(address) as ingest,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as state,
    ):
        state.executescript(announcer.schema)
        announcer.broker = address
        site = VariedSite(bus, SEED)
        for second in range(0, LASTS_S, STEP_S):
            site.step(second)
            if second % MOMENT_EVERY_S < STEP_S:
                bus.fold(second + 0.5)
                now[0] = at(second + 1)
                on_the_bus = of_devices(announcer, state, address)
                ingest.say(second + 1, bus.head)
                then[second] = said(Asked(client, retained={**on_the_bus, **of_hub(client, address)}))
        bus.fold(LASTS_S)
        now[0] = at(LASTS_S + LATER_S)
        later = {second: said(Asked(client, iso(at(second + 1)))) for second in then}
        yield Lived(hub, client, then, later)


def of_devices(announcer: ConditionAnnouncer, state: sqlite3.Connection, address: BrokerAddress) -> dict[str, bytes]:
    """What is retained once the announcer has said what changed."""

    def has_begun() -> bool:
        announcer.idle(state)
        return announcer._view is not None

    eventually(has_begun, 120, "a first round")
    announcer.idle(state)
    assert announcer._client is not None
    # The broker has all that was sent before this.
    announcer._client.publish("test/said", b"", qos=1).wait_for_publish(10)
    return retained(address)


def of_hub(client: httpx.Client, address: BrokerAddress) -> dict[str, bytes]:
    """What is retained of the hub, once its gateway has looked at every part again and said what it found."""
    eventually(lambda: client.get("/ready").status_code == 200, what="a hub that takes in, folds and answers")

    def is_said() -> bytes | None:
        found = retained(address).get(HUB_CONDITION)
        problems = client.get("/health").json()["problems"]
        return found if found and list(HubReport.model_validate_json(found).problems) == problems else None

    return {HUB_CONDITION: eventually(is_said, what="the condition of the hub")}


def of_all(lived: Lived, lines: dict[int, list[str]]) -> list[str]:
    return [f"second {second}: {line}" for second, found in lines.items() for line in found]


def test_at_each_moment_all_surfaces_say_the_same(lived: Lived) -> None:
    found = of_all(lived, {second: differences(one) for second, one in lived.then.items()})
    assert found == []


def test_of_each_moment_they_say_the_same_later(lived: Lived) -> None:
    assert of_all(lived, {second: differences(one) for second, one in lived.later.items()}) == []
    assert of_all(lived, {second: changes(lived.then[second], one) for second, one in lived.later.items()}) == []


def test_each_minute_is_as_its_parts_and_the_timeline_say(lived: Lived) -> None:
    found = list(minutes(lived.client, "DEMO"))

    assert [line for one in found for line in one.faults()] == []
    assert len(found) >= LASTS_S // 60 - 1


def test_each_minute_shows_every_incident_that_held_in_it_and_every_bad_frame(lived: Lived) -> None:
    held = incidents_by_minute(lived.client)
    said, bad = sayings_by_minute(lived.hub.data)
    lines = []
    for minute in minutes(lived.client, "DEMO"):
        for one in minute.tile["devices"]:
            key = (one["device_id"], minute.number)
            right = held[key] | bad[key]
            if set(one["types"]) != right:
                lines.append(f"{key}: {one['types']}, where {sorted(right)} held")
            if not right and (
                one["condition"] not in ("ok", "unknown") or (one["condition"] == "ok" and key not in said)
            ):
                lines.append(f"{key}: {one['condition']}, where {sorted(said[key])} was said")
    assert lines == []


def test_the_shares_of_longer_times_are_those_of_the_minutes(lived: Lived) -> None:
    start, end = (at(0).timestamp() // 60 * 60, at(LASTS_S).timestamp())
    asked = {"from": iso(moment_of_seconds(start)), "to": iso(moment_of_seconds(end)), "step": "minute"}
    found = lived.client.get("/api/v1/timeline/DEMO/conditions", params=asked).json()
    known = {one["device"]: one for one in found["devices"]}
    lines, count = [], len(found["edges"]) - 1
    nothing = {"minutes": [[1]] * count, "worst": [None] * count}
    for minute in minutes(lived.client, "DEMO"):
        place = minute.number - int(start // 60)
        for one in minute.tile["devices"] if 0 <= place < count else ():
            share = known.get(one["device_id"], nothing)
            condition = found["conditions"][share["minutes"][place].index(1)].replace("no_data", "unknown")
            worst = [share["worst"][place]] if share["worst"][place] else []
            if (
                condition != one["condition"]
                or not set(worst) <= set(one["types"])
                or bool(worst) != bool(one["types"])
            ):
                lines.append(f"{minute.number} {one['device_id']}: {condition} {worst}, in the tile {one['condition']}")
    assert lines == []
    assert (len(known) >= 6, count) == (True, LASTS_S // 60)


def incidents_by_minute(client: httpx.Client) -> dict[tuple[str, int], set[str]]:
    """By device and minute the types of the incidents that held at any moment of it."""
    found = defaultdict[tuple[str, int], set[str]](set)
    for one in client.get("/api/v1/incidents", params={"site": "DEMO", "limit": 1000}).json()["incidents"]:
        opened = datetime.fromisoformat(one["opened"]).timestamp()
        closed = at(LASTS_S).timestamp() if one["closed"] is None else datetime.fromisoformat(one["closed"]).timestamp()
        last = max(opened, closed - 0.001)
        for minute in range(int(opened // 60), int(last // 60) + 1):
            found[one["device"], minute].add(one["type"])
    return found


def sayings_by_minute(data: Path) -> tuple[dict[tuple[str, int], set[str]], dict[tuple[str, int], set[str]]]:
    """By device and minute the types of its events, and what was wrong with its frames."""
    said, bad = defaultdict[tuple[str, int], set[str]](set), defaultdict[tuple[str, int], set[str]](set)
    with closing(SqliteJournalReader(data / "journal")) as journal:
        for record in journal.read(0, None, 100_000).records:
            key = (record.where[1], int(record.time_s // 60))
            said[key].add(record.event.type)
            if isinstance(record.event, FrameEvent):
                bad[key].update(faults_of(record.event.data))
    return said, bad


def faults_of(frame: Frame) -> Iterator[str]:
    if frame.blackscreen:
        yield "blackscreen"
    elif frame.freeze:
        yield "freeze"
    elif frame.corrupt_rows:
        yield "corrupt_rows"
    elif frame.macroblocks:
        yield "macroblocks"
    if frame.audio is False:
        yield "audio_loss"


def test_what_is_told_of_the_time_behind_is_the_same_everywhere(lived: Lived, tmp_path: Path) -> None:
    client, data, span = lived.client, lived.hub.data, (at(0), at(LASTS_S))
    assert list(of_video(client, "DEMO", *span)) == []
    assert list(of_people(client, "DEMO", at(0).date().isoformat())) == []
    assert list(of_tables(client, data, "DEMO", tmp_path, at(0), at(LASTS_S + LATER_S))) == []
    assert list(of_report(client, data, "DEMO", *span)) == []
    assert list(of_bucket(client, data, "DEMO", at(LASTS_S))) == []


def test_whatever_says_how_a_device_is_is_among_the_surfaces(lived: Lived) -> None:
    reporting = reporting_paths(lived.client.get("/api/openapi.json").json())
    known = {path for path in (*SURFACES, *OF_MINUTES) if path.startswith(("/api", "/heatmaps"))}
    assert reporting - OF_TRIALS == known - OF_AGENTS


def test_what_all_surfaces_say_is_the_fold_of_the_journal(lived: Lived) -> None:
    found = list(check((), lived.hub, lambda part, done, of: None))
    assert [f"{one.part}: {text}" for one in found for text in (*one.faults, *one.uncompared)] == []


def test_much_happened_at_the_site(lived: Lived) -> None:
    """Or the tests above would hold of a site where nothing does."""
    conditions = Counter(
        value
        for one in lived.then.values()
        for (subject, fact), by_surface in one.items()
        if subject[0] == "device" and fact == "condition"
        for value in by_surface.get("/api/v1/health/devices", ())
    )
    assert conditions.keys() >= {"unknown", "ok", "warning", "offline"}
    found = lived.client.get("/api/v1/incidents", params={"limit": 1000}).json()["incidents"]
    assert {one["type"] for one in found} >= {
        "offline", "node_offline", "storage", "memory", "hot_spot", "sensor_frozen", "audio_loss", "blackscreen",
        "freeze", "corrupt_rows", "degraded", "stale",
    }  # fmt: skip
    assert {one["level"] for one in found} == {"info", "warning", "error", "critical"}
    assert {one["suppressed"] for one in found} == {None, "cool_down", "mute"}
    assert {one["review"]["state"] for one in found} == {"open", "reviewed", "discarded"}
    assert {one["details"].get("became") for one in found} >= {None, "retired", "offline"}
    of_hub = {one["type"] for one in found if one["site"] == "_hub"}
    assert of_hub >= {"storage", "write_failed", "database_error"}
