"""Every surface that shows how devices are, and what each says of one moment, as facts that can be compared.

A surface is a row of `SURFACES`. What two of them say of the same subject is compared wherever both say it.
"""

from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bus_schemas.condition import SEVERITY
from bus_schemas.event import iso
from bus_schemas.protocol import DeviceReport
from consumers.alerting.alerts.wording import RECOVERED

Subject = tuple[str, ...]
"""What a fact is about: its kind first, then ids."""
Fact = tuple[Subject, str, Any]
"""Of a subject, the name of the fact, and its value."""
EVERYTHING: Subject = ("everything",)
DEVICE = "/api/v1/sites/{site}/devices/{device}"


@dataclass(frozen=True)
class Asked:
    """A gateway, and the moment of which it is asked: `None` is now. `retained` are the conditions on the bus now."""

    client: httpx.Client
    as_of: str | None = None
    retained: Mapping[str, bytes] | None = None

    def get(self, path: str, **parameters: Any) -> Any:
        when = {} if self.as_of is None else {"as_of": self.as_of}
        answer = self.client.get(path, params={**when, **parameters})
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    def sites(self) -> list[str]:
        return [one["site"] for one in self.get("/api/v1/sites")["sites"]]

    def devices(self) -> list[tuple[str, str]]:
        """Those that are watched."""
        return [(site, one["device"]) for site in self.sites() for one in self.wall(site)["devices"]]

    def wall(self, site: str) -> Any:
        return self.get(f"/api/v1/sites/{site}/devices")


def _device(answer: Mapping[str, Any], **names: str) -> Iterator[Fact]:
    """The facts of an answer about a device; `names` are what it calls them where that is another word."""
    subject = ("device", answer["site"], answer["device"])
    for fact in ("condition", "types", "since", "status", "reason", "name", "recording", "online", "last_frame"):
        if names.get(fact, fact) in answer:
            yield subject, fact, answer[names.get(fact, fact)]
    if "condition" in answer and "status" in answer:
        yield subject, "healthy where it is ok, and nowhere else", True
        is_so = (answer["status"] == "healthy") == (answer["condition"] == "ok")
        yield subject, "healthy where it is ok, and nowhere else", is_so


def _is_in_order(answers: Iterable[Mapping[str, Any]], word: str = "condition") -> bool:
    ranks = [-SEVERITY[one[word]] for one in answers]
    return ranks == sorted(ranks)


def sites(asked: Asked) -> Iterator[Fact]:
    answer = asked.get("/api/v1/sites")
    yield EVERYTHING, "the worst first", _is_in_order(answer["sites"])
    for one in (*answer["sites"], {**answer["hub"], "site": "_hub"}):
        subject = ("site", one["site"])
        for fact in ("condition", "conditions", "devices", "open_incidents", "open_alerts", "unacknowledged_alerts"):
            if fact in one:
                yield subject, fact, one[fact]


def wall(asked: Asked) -> Iterator[Fact]:
    devices = []
    for site in asked.sites():
        answer = asked.wall(site)
        shown = answer["devices"]
        devices += [(site, one["device"]) for one in shown]
        yield EVERYTHING, "the worst first", _is_in_order(shown)
        counts = Counter(one["condition"] for one in shown)
        worst = max(counts, key=SEVERITY.__getitem__, default="unknown")
        yield ("site", site), "condition", "unknown" if worst == "ok" and counts["unknown"] else worst
        yield ("site", site), "conditions", dict(counts)
        yield ("site", site), "devices", len(shown)
        for one in shown:
            yield from _of_wall(one)
        for one in answer["retired"]:
            yield ("device", site, one["device"]), "retired", True
    yield EVERYTHING, "devices", sorted(devices)


def _of_wall(one: Mapping[str, Any]) -> Iterator[Fact]:
    subject = ("device", one["site"], one["device"])
    yield from _device(one)
    yield subject, "retired", one["retired"]
    yield subject, "open", sorted(it["type"] for it in one["incidents"])
    yield subject, "types and open incidents", sorted(one["types"]) == sorted({it["type"] for it in one["incidents"]})
    yield subject, "types and open incidents", True
    for it in one["incidents"]:
        yield ("incident", it["id"]), "whole", it


def device(asked: Asked) -> Iterator[Fact]:
    for site, name in asked.devices():
        yield from _of_wall(asked.get(DEVICE.format(site=site, device=name)))
    for site in asked.sites():
        for one in asked.wall(site)["retired"]:
            yield from _of_wall(asked.get(DEVICE.format(site=site, device=one["device"])))


def every_health(asked: Asked) -> Iterator[Fact]:
    answer = asked.get("/api/v1/health/devices")
    yield EVERYTHING, "devices", sorted((one["site"], one["device"]) for one in answer)
    yield EVERYTHING, "the worst first", _is_in_order(answer)
    for one in answer:
        yield from _device(one, name="camera_name", recording="is_recording")
        if "total_reconnects" in one:
            yield ("device", one["site"], one["device"]), "reconnects", one["total_reconnects"]


def health(asked: Asked) -> Iterator[Fact]:
    for site, name in asked.devices():
        answer = asked.get(f"{DEVICE}/health".format(site=site, device=name))
        subject, figures = ("device", site, name), answer["health_metrics"]
        yield from _device(answer, name="camera_name", recording="is_recording")
        yield subject, "last_frame", figures["last_frame_time"]
        yield subject, "reconnects", figures["total_reconnects"]
        yield subject, "fps", answer["stream_info"]["fps"]


def figures(asked: Asked) -> Iterator[Fact]:
    for site in (*asked.sites(), "_hub"):
        answer = asked.get("/api/v1/incident-figures", site=site)
        yield ("site", site), "open_incidents", answer["open"]
        for fact in ("not_reviewed", "without_alert"):
            yield ("site", site), fact, answer[fact]


def mutes(asked: Asked) -> Iterator[Fact]:
    for one in asked.get("/api/v1/mutes", limit=1000)["mutes"]:
        yield ("mute", one["id"]), "withheld", one["withheld"]
        by_it = asked.get("/api/v1/incidents", mute=one["id"], limit=1000)["incidents"]
        yield ("mute", one["id"]), "withheld", len(by_it)


OF_WITHHELD = ("type", "level", "opened", "closed", "suppressed")
"""What is said of an incident where somebody asks why nobody was alerted."""


def incidents(asked: Asked) -> Iterator[Fact]:
    everything = asked.get("/api/v1/incidents", limit=1000)["incidents"]
    opened = asked.get("/api/v1/incidents", state="open", limit=1000)["incidents"]
    yield EVERYTHING, "open incidents", sorted(one["id"] for one in opened)
    yield EVERYTHING, "open incidents", sorted(one["id"] for one in everything if one["state"] == "open")
    reported = [one["id"] for one in opened if one["suppressed"] is one["under"] is None and one["level"] != "info"]
    yield EVERYTHING, "incidents that are reported", sorted(reported)
    for one in (*everything, *opened):
        yield ("incident", one["id"]), "whole", one
        for fact in (*OF_WITHHELD, "duration_s"):
            yield ("incident", one["id"]), fact, one[fact]
    for site in (*asked.sites(), "_hub"):
        mine = [one for one in everything if one["site"] == site]
        yield ("site", site), "open_incidents", sum(one["site"] == site for one in opened)
        yield ("site", site), "not_reviewed", sum(one["review"]["state"] == "open" for one in mine)
        yield ("site", site), "without_alert", sum(one["suppressed"] is not None for one in mine)
    for site, name in asked.devices():
        mine = [one for one in opened if (one["site"], one["device"]) == (site, name)]
        yield ("device", site, name), "open", sorted(one["type"] for one in mine)
        for one in mine:
            yield ("device", site, name), "name", one["device_name"]


def alerts(asked: Asked) -> Iterator[Fact]:
    everything = asked.get("/api/v1/alerts", limit=500)["alerts"]
    opened = asked.get("/api/v1/alerts", state="open", limit=500)["alerts"]
    yield EVERYTHING, "the worst first", _is_in_order(opened, "level")
    yield EVERYTHING, "open alerts", sorted(one["id"] for one in opened)
    yield EVERYTHING, "open alerts", sorted(one["id"] for one in everything if one["state"] == "open")
    yield EVERYTHING, "incidents that are reported", sorted(one["incident"] for one in opened)
    for one in (*everything, *opened):
        yield ("alert", one["id"]), "whole", one
        for fact in ("message", "level", "cleared_message"):
            yield ("alert", one["id"]), fact, one[fact]
        # That it is over again is said in an alert of its own.
        if one["incident"] is not None and one["type"] != RECOVERED:
            yield ("incident", one["incident"]), "alert", one["id"]
            lasted = {"opened": one["since"], "closed": one["until"], "duration_s": one["duration_s"]}
            yield from ((("incident", one["incident"]), fact, value) for fact, value in lasted.items())
    for site in (*asked.sites(), "_hub"):
        mine = [one for one in opened if one["site"] == site]
        yield ("site", site), "open_alerts", len(mine)
        yield ("site", site), "unacknowledged_alerts", sum(one["acknowledged"] is None for one in mine)


def notified(asked: Asked) -> Iterator[Fact]:
    """What receivers are handed, and programs that subscribe: of an alert that was raised again the worse."""
    events = asked.client.get("/api/v1/events", params={"type": "alert", "limit": 1000}).json()["events"]
    said = {(one["event"]["data"]["alert_id"], one["event"]["data"]["state"]): one["event"]["data"] for one in events}
    for (alert_id, state), data in said.items():
        if state == "raised":
            yield ("alert", alert_id), "message", data["message"]
            yield ("alert", alert_id), "level", data["level"]
        elif state == "cleared":
            yield ("alert", alert_id), "cleared_message", data["message"]


def incident(asked: Asked) -> Iterator[Fact]:
    for one in asked.get("/api/v1/incidents", limit=10)["incidents"]:
        answer = asked.get(f"/api/v1/incidents/{one['id']}")
        yield ("incident", one["id"]), "whole", answer["incident"]
        yield ("incident", one["id"]), "alert", answer["alert"]


def why_not(asked: Asked) -> Iterator[Fact]:
    for site, name in asked.devices():
        for rule in asked.get(f"{DEVICE}/why-not".format(site=site, device=name))["rules"]:
            for one in rule["incidents"]:
                subject = ("incident", one["id"])
                yield subject, "alert", one["alert"]
                for fact in OF_WITHHELD:
                    yield subject, fact, {"type": rule["rule"], **one}[fact]


def why(asked: Asked) -> Iterator[Fact]:
    for one in asked.get("/api/v1/alerts", limit=20)["alerts"]:
        yield ("alert", one["id"]), "whole", asked.get(f"/api/v1/alerts/{one['id']}/why")["alert"]


def agents(asked: Asked) -> Iterator[Fact]:
    for one in asked.get("/api/v1/agents")["agents"]:
        for name in one["devices"]:
            yield ("device", one["site"], name), "retired", False


METRICS = {
    "watchpost_device_condition": "condition",
    "watchpost_device_recording": "recording",
    "watchpost_device_last_picture_timestamp_seconds": "last_frame",
    "watchpost_device_stream_frames_per_second": "fps",
    "watchpost_device_analysis_frames_per_second": "analysis_fps",
    "watchpost_device_reconnects": "reconnects",
}
"""The fact of each figure of a device."""
OF_DISKS = {"watchpost_device_media_bytes", "watchpost_device_media_bytes_per_day"}
"""What the disk holds of a device, which need not be watched any more."""


def metrics(asked: Asked) -> Iterator[Fact]:
    listed = set[tuple[str, str]]()
    for family in text_string_to_metric_families(asked.client.get("/metrics").text):
        is_reported = family.name.startswith("watchpost_device_") and family.name not in OF_DISKS
        for sample in family.samples if is_reported else ():
            site, name, value = sample.labels["site"], sample.labels["device"], sample.value
            listed.add((site, name))
            fact = METRICS[sample.name]
            if fact != "condition":
                yield ("device", site, name), fact, _figure(fact, value)
            elif value == 1:
                yield ("device", site, name), fact, sample.labels["condition"]
    yield EVERYTHING, "devices", sorted(listed)


def _figure(fact: str, value: float) -> Any:
    if fact == "last_frame":
        return iso(datetime.fromtimestamp(value, UTC))
    return bool(value) if fact == "recording" else value


def retained(asked: Asked) -> Iterator[Fact]:
    """Of a device that nobody could judge nothing is said on the bus."""
    assert asked.retained is not None
    said = {tuple(topic.split("/")[2:4]): DeviceReport.model_validate_json(it) for topic, it in asked.retained.items()}
    for (site, name), report in said.items():
        subject = ("device", site, name)
        yield subject, "condition", report.condition
        yield subject, "types", list(report.types)
        yield subject, "since", None if report.since is None else iso(report.since)
    watched = asked.devices()
    yield EVERYTHING, "no device but those that are watched is on the bus", sorted(set(said) - set(watched))
    yield EVERYTHING, "no device but those that are watched is on the bus", []
    silent = {one for one in watched if one not in said}
    for site, name in sorted(silent):
        yield ("device", site, name), "condition", "unknown"


SURFACES: Mapping[str, Callable[[Asked], Iterator[Fact]]] = {
    "/api/v1/sites": sites,
    "/api/v1/sites/{site}/devices": wall,
    DEVICE: device,
    f"{DEVICE}/health": health,
    "/api/v1/health/devices": every_health,
    f"{DEVICE}/why-not": why_not,
    "/api/v1/incidents": incidents,
    "/api/v1/incidents/{id}": incident,
    "/api/v1/incident-figures": figures,
    "/api/v1/mutes": mutes,
    "/api/v1/alerts": alerts,
    "/api/v1/alerts/{id}/why": why,
    "event/alert": notified,
    "/api/v1/agents": agents,
    "/metrics": metrics,
    "watchpost/v1/{site}/{device}/condition": retained,
}
"""By its path or topic."""
OF_NOW = {"/metrics", "event/alert", "watchpost/v1/{site}/{device}/condition", f"{DEVICE}/why-not"}
"""Those that cannot be asked of a moment, or say of it what was learnt later."""

OF_THE_HUB_NOW = {(("site", "_hub"), "condition")}
"""What keeps the hub from writing its journal cannot be read from that later."""

OF_MINUTES = {"/api/v1/timeline/{site}", "/heatmaps/{site}/{slot}.json"}
"""Those that say it of minutes."""
DAY_MINUTES = 1440

Said = dict[tuple[Subject, str], dict[str, list[Any]]]
"""By subject and fact, what each surface says."""


def said(asked: Asked) -> Said:
    found: Said = {}
    for name, read in SURFACES.items():
        if (asked.as_of is not None and name in OF_NOW) or (name.startswith("watchpost/") and asked.retained is None):
            continue
        for subject, fact, value in read(asked):
            values = found.setdefault((subject, fact), {}).setdefault(name, [])
            if value not in values:
                values.append(value)
    return found


def differences(found: Said) -> list[str]:
    """A line for each fact of which two surfaces say different things, or one of them two things."""
    lines = []
    for (subject, fact), by_surface in found.items():
        values = [value for said in by_surface.values() for value in said]
        if any(value != values[0] for value in values):
            lines.append(
                f"{'/'.join(subject)}: {fact}: " + "; ".join(f"{name} says {it}" for name, it in by_surface.items())
            )
    return lines


def changes(then: Said, later: Said) -> list[str]:
    """A line for each fact that a surface said of a moment when it was now, and says otherwise of it later."""
    lines = []
    for key, by_surface in then.items():
        for name in by_surface.keys() - OF_NOW if key not in OF_THE_HUB_NOW else ():
            before, after = by_surface[name], later.get(key, {}).get(name, [])
            if before != after:
                lines.append(f"{'/'.join(key[0])}: {key[1]}: {name} said {before}, and says {after} of it later")
    return lines


TELLING = frozenset(
    {
        "condition",
        "types",
        "level",
        "online",
        "is_recording",
        "open_incidents",
        "open_alerts",
        "incidents_count",
        "without_alert",
    }
)
"""Properties of answers that say how a device is: whatever has one belongs into the table."""
OF_AGENTS = {"/api/v1/agents"}
"""What names devices and says nothing of how they are."""
OF_TRIALS = {"/api/v1/trials/{id}"}
"""What other rules would have made of it."""


def reporting_paths(document: Mapping[str, Any]) -> set[str]:
    """The paths of an OpenAPI document whose answers say how a device is."""
    schemas = document["components"]["schemas"]

    def says(schema: Any, seen: frozenset[str]) -> bool:
        if isinstance(schema, list):
            return any(says(one, seen) for one in schema)
        if not isinstance(schema, Mapping):
            return False
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name:
            return name not in seen and says(schemas[name], seen | {name})
        if TELLING & schema.get("properties", {}).keys():
            return True
        return any(says(part, seen) for part in schema.values())

    return {
        path
        for path, methods in document["paths"].items()
        if "get" in methods and says(methods["get"]["responses"].get("200", {}), frozenset())
    }


@dataclass(frozen=True)
class Minute:
    """A minute of a site in the words of its tile, and what the timeline says of it."""

    number: int
    tile: Mapping[str, Any]
    state: str
    condition: str | None
    types: tuple[str, ...] | None

    def faults(self) -> Iterator[str]:
        """A line for each thing that the tile says otherwise than its own parts, or than the timeline."""
        tile, devices = self.tile, self.tile["devices"]
        wrong = [one for one in devices if one["state"] == "incident"]
        by_cell = {one["device"]: one["state"] for one in tile["cells"]}
        pairs = {
            "the state of the timeline": (self.state, tile["state"]),
            "incidents_count": (tile["incidents_count"], len(wrong)),
            "unknown_count": (tile["unknown_count"], sum(one["state"] == "unknown" for one in devices)),
            "the devices of its picture": (by_cell, {one["device_id"]: one["state"] for one in devices}),
            "those of the picture of incidents": (
                [one["device"] for one in tile["ko"]["cells"]],
                [one["device_id"] for one in wrong],
            ),
        }
        if tile["state"] == "incident":
            worst = max((one["condition"] for one in devices), key=SEVERITY.__getitem__)
            pairs |= {
                "its condition and that of its worst device": (tile["condition"], worst),
                "its condition and that of the timeline": (tile["condition"], self.condition),
                "its types and those of the timeline": (tuple(tile["types"]), self.types),
            }
        for what, (one, other) in pairs.items():
            if one != other:
                yield f"minute {self.number}: {what}: {one} and {other}"


def minutes(client: httpx.Client, site: str) -> Iterator[Minute]:
    """Those of the last day of which there is a tile."""
    timeline = client.get(f"/api/v1/timeline/{site}").json()
    first, states = timeline["newest"] - DAY_MINUTES + 1, b64decode(timeline["states"])
    spans = {
        number: (span["condition"], tuple(span["types"]))
        for span in timeline["incidents"]
        for number in range(span["first"], span["first"] + span["minutes"])
    }
    for number in range(DAY_MINUTES):
        state = timeline["classes"][states[number // 4] >> 2 * (number % 4) & 3]
        minute = first + number
        slot = f"{minute // 60 % 24:02d}{minute % 60:02d}"
        if state == "no_data":
            continue
        answer = client.get(f"/heatmaps/{site}/{slot}.json", params={"minute": minute})
        assert answer.status_code == 200, answer.text
        yield Minute(minute, answer.json(), state, *spans.get(number, (None, None)))
