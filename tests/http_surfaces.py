"""The answers over HTTP that say how devices are, as facts that can be compared."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bus_schemas.condition import SEVERITY
from consumers.alerting.alerts.wording import RECOVERED
from tests.asked import DEVICE, EVERYTHING, THE_HUB, Asked, Fact


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
    yield THE_HUB, "well", answer["hub"]["condition"] == "ok"
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
