"""Every surface says the same of a device: of one moment now, and of that moment later."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from bus_schemas.codec import read_stored
from bus_schemas.event import Event, iso
from bus_schemas.protocol import DeviceReport
from consumers.alerting.announcer import ConditionAnnouncer
from consumers.alerting.conditions import conditions
from consumers.alerting.projection import AlertingProjection
from consumers.engine.view_files import open_view
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from producer.broker import BrokerAddress
from tests.broker import Broker
from tests.builders import at, frame, registry, state, thermal, tick
from tests.eventually import eventually
from tests.integration.gateway.started import Filled, Started
from tests.retained_messages import retained

EXPECTED = {
    "oven": ("critical", ["hot_spot"]),
    "gate": ("offline", ["offline"]),
    "yard": ("warning", ["blackscreen"]),
    "shed": ("ok", []),
    "deaf": ("unknown", []),
}
"""The worst first, as a wall shows them."""
ANNOUNCED = {name: it for name, it in EXPECTED.items() if it[0] != "unknown"}
"""Of a device that is unknown nothing is said on the bus."""
_DEVICES = tuple(ConfiguredDevice(name, name.title()) for name in sorted(EXPECTED))
CONFIGURED = Configured((ConfiguredSite("DEMO", "Demo yard", devices=_DEVICES),))
THEN = 110
"""Seconds from the start: everything is wrong that is to be."""


class Lived(NamedTuple):
    """`now` is what time it is for the gateway."""

    filled: Filled
    client: httpx.Client
    now: list[Any]


def morning(start: int, end: int, *, is_wrong: bool) -> Iterator[Event]:
    """A sensor that is hot, a camera that is gone, one that is black, one that is well, and one that cannot tell."""
    unknown = {"blackscreen": None, "freeze": None, "audio": None}
    for second in range(start, end, 5):
        yield tick(at(second), uptime_s=float(second))
        yield frame(at(second), device="yard", blackscreen=is_wrong and second > 5)
        yield frame(at(second), device="shed")
        yield frame(at(second), device="deaf", **unknown)
        yield thermal(at(second), device="oven", hottest=99.0 if is_wrong and second >= 20 else 40.0)
        if second <= 30 or not is_wrong:
            yield frame(at(second), device="gate")


def emitted(filled: Filled, after: int = 0) -> list[Event]:
    """What the consumers decided and the bus would bring to the journal, but for so many that it has brought."""
    with closing(open_view(filled.hub.data, AlertingProjection.name)) as view:
        return read_stored(body for (body,) in view.execute("select body from outbox_event order by position"))[after:]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    data, now = tmp_path_factory.mktemp("data"), [at(THEN)]
    with Filled(data, CONFIGURED) as filled:
        filled.append(*morning(0, THEN, is_wrong=True))
        filled.append(state(at(THEN - 5), device="gate", online=False, reason="cut"), tick(at(THEN), uptime_s=THEN))
        filled.fold()
        with Started(filled.hub, clock=lambda: now[0]) as started, started.client() as client:
            yield Lived(filled, client, now)


def said(client: httpx.Client, as_of: str | None) -> dict[str, dict[str, tuple[str, list[str]]]]:
    """By surface and device, the condition and the types."""
    asked = {} if as_of is None else {"as_of": as_of}

    def get(path: str, **parameters: str) -> Any:
        answer = client.get(path, params={**asked, **parameters})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def of(device: dict[str, Any]) -> tuple[str, list[str]]:
        assert (device["status"] == "healthy") == (device["condition"] == "ok"), device
        return device["condition"], device["types"]

    wall = get("/api/v1/sites/DEMO/devices")["devices"]
    opened: dict[str, list[str]] = {name: [] for name in EXPECTED}
    for one in get("/api/v1/incidents", state="open")["incidents"]:
        opened[one["device"]].append(one["type"])
    return {
        "wall": {one["device"]: of(one) for one in wall},
        "device": {name: of(get(f"/api/v1/sites/DEMO/devices/{name}")) for name in EXPECTED},
        "all health": {one["device"]: of(one) for one in get("/api/v1/health/devices")},
        "health": {name: of(get(f"/api/v1/sites/DEMO/devices/{name}/health")) for name in EXPECTED},
        "incidents": {name: (EXPECTED[name][0], types) for name, types in opened.items()},
    }


def the_site(client: httpx.Client, as_of: str | None) -> None:
    asked = {} if as_of is None else {"as_of": as_of}
    [site] = client.get("/api/v1/sites", params=asked).json()["sites"]
    assert site["condition"] == "critical"
    assert site["conditions"] == {"critical": 1, "offline": 1, "warning": 1, "ok": 1, "unknown": 1}
    alerts = client.get("/api/v1/alerts", params={**asked, "state": "open"}).json()["alerts"]
    assert [(one["device"], one["level"]) for one in alerts] == [
        ("oven", "critical"),
        ("gate", "error"),
        ("yard", "warning"),
    ]


def test_every_surface_says_the_same(lived: Lived, broker: Broker) -> None:
    now = said(lived.client, None)
    the_site(lived.client, None)

    assert now == dict.fromkeys(now, EXPECTED)
    assert list(now["wall"]) == list(EXPECTED)
    figures = lived.client.get("/metrics").text
    lines = re.findall(
        r'watchpost_device_condition{condition="(\w+)",device="(\w+)",site="DEMO"} 1.0',
        figures,
    )
    assert 'watchpost_disk_size_bytes{node="_hub",site="_hub"}' in figures
    assert 'watchpost_device_recording{device="shed",site="DEMO"} 0.0' in figures
    assert {device: condition for condition, device in lines} == {name: it[0] for name, it in EXPECTED.items()}
    assert announced(lived.filled, BrokerAddress(port=broker.port)) == ANNOUNCED


def announced(filled: Filled, address: BrokerAddress) -> dict[str, tuple[str, list[str]]]:
    """What programs that subscribe are told."""
    with closing(ConditionAnnouncer(filled.hub.data)) as sink, closing(sqlite3.connect(":memory:")) as state_of_sink:
        state_of_sink.executescript(sink.schema)
        sink.broker = address

        def all_said() -> dict[str, bytes] | None:
            sink.idle(state_of_sink)
            found = retained(address)
            return found if len(found) >= len(ANNOUNCED) else None

        found = eventually(all_said)
    reports = {topic.split("/")[3]: DeviceReport.model_validate_json(body) for topic, body in found.items()}
    return {device: (it.condition, list(it.types)) for device, it in reports.items()}


def test_of_that_moment_the_same_is_said_later_and_by_its_minute(lived: Lived) -> None:
    filled = lived.filled
    first = emitted(filled)
    filled.append(*first, received=at(THEN + 1))
    filled.append(*morning(THEN + 10, THEN + 300, is_wrong=False)).fold()
    filled.append(*emitted(filled, len(first)), received=at(THEN + 300))
    filled.append(tick(at(THEN + 305), uptime_s=THEN + 305.0)).fold()
    lived.now[0] = at(THEN + 3600)
    then = said(lived.client, iso(at(THEN)))
    the_site(lived.client, iso(at(THEN)))

    assert then == dict.fromkeys(then, EXPECTED)
    tile = lived.client.get("/heatmaps/DEMO/1001.json").json()
    assert {one["device_id"]: (one["condition"], one["types"]) for one in tile["devices"]} == EXPECTED
    assert (tile["condition"], tile["incidents_count"], tile["unknown_count"]) == ("critical", 3, 1)
    spans = lived.client.get("/api/v1/timeline/DEMO").json()["incidents"]
    assert spans[-1]["condition"] == "critical"
    assert spans[-1]["types"] == ["hot_spot", "offline", "blackscreen"]


def test_a_device_that_is_missed_no_more_before_it_ever_sent_anything_is_unknown_since_then_everywhere(
    tmp_path: Path,
) -> None:
    with Filled(tmp_path, CONFIGURED) as filled:
        filled.append(tick(at(0)), registry(at(1), device="shed", expects="frames", silent_after_s=30))
        filled.append(*(tick(at(second)) for second in range(5, 60, 5)))
        filled.append(registry(at(60), device="shed", expects="nothing", silent_after_s=0), tick(at(65))).fold()
        with closing(open_view(tmp_path, AlertingProjection.name)) as view:
            folded = conditions(view)["DEMO", "shed"]
        with Started(filled.hub, clock=lambda: at(65)) as started, started.client() as client:
            shed = client.get("/api/v1/sites/DEMO/devices/shed").json()

    assert (folded.condition, folded.since) == ("unknown", at(60).timestamp())
    assert (shed["condition"], shed["since"], shed["status"]) == ("unknown", iso(at(60)), "not_started")
