"""Surfaces that tell of the time behind, compared: video and its holes, people counted, tables of exports, reports, and
the bucket of minute tiles.

Each function yields a line for each thing that one of them says otherwise than another.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from html import unescape
from itertools import pairwise
from pathlib import Path
from threading import Event as Flag
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from pydantic_core import from_json

from bus_schemas.condition import incident_words
from bus_schemas.event import iso
from bus_schemas.footage import Export
from consumers.reports.report import report
from consumers.store.cold.bucket import Bucket, NoSuchObject, ObjectHeaders
from consumers.store.cold.settings import ColdStorage, TileBucket
from consumers.store.journal.reader import SqliteJournalReader
from consumers.upkeep.exports.order import ExportOrder
from consumers.upkeep.exports.tables import TableRange, write_tables
from consumers.upkeep.tile_bucket.publisher import TilePublisher
from consumers.upkeep.tile_bucket.site_index import SiteIndex

PAUSE_S = 1.0
"""Shorter pauses between two recordings are none."""


def unlike(what: str, said: Mapping[str, Any]) -> Iterator[str]:
    """A line where not all of them say the same."""
    values = list(said.values())
    if any(value != values[0] for value in values):
        yield f"{what}: " + "; ".join(f"{surface} says {value}" for surface, value in said.items())


def devices(client: httpx.Client, site: str) -> list[str]:
    return [one["device"] for one in client.get(f"/api/v1/sites/{site}/devices").json()["devices"]]


def of_video(client: httpx.Client, site: str, start: datetime, end: datetime) -> Iterator[str]:
    """Segments, recordings, the playlist, and holes, which are all the time between."""
    asked, found = {"from": iso(start), "to": iso(end)}, 0
    for device in devices(client, site):
        path = f"/api/v1/sites/{site}/devices/{device}"
        segments = client.get(f"{path}/segments", params=asked).json()["segments"]
        runs = client.get(f"{path}/recordings", params=asked).json()["recordings"]
        holes = client.get(f"{path}/holes", params=asked).json()["holes"]
        playlist = client.get(f"/hls/{site}/{device}/range.m3u8", params=asked)
        counted = {"segments": len(segments), "recordings": sum(one["segments"] for one in runs)}
        yield from unlike(f"{device}: segments", {**counted, "the playlist": playlist.text.count("#EXTINF:")})
        sizes = {"segments": sum(one["bytes"] for one in segments), "recordings": sum(one["bytes"] for one in runs)}
        yield from unlike(f"{device}: bytes", sizes)
        pauses = [(one["end"], other["start"]) for one, other in pairwise(runs) if other["gap_before_s"] >= PAUSE_S]
        between = [one for one in joined(holes) if runs and runs[0]["start"] < one[0] < runs[-1]["end"]]
        yield from unlike(f"{device}: pauses", {"recordings": pauses, "holes": between})
        found += len(pauses)
    if found < 3:
        yield "hardly any device paused: nothing was compared"


def joined(holes: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Those that follow each other, because their causes are different, as one."""
    found: list[tuple[str, str]] = []
    for one in holes:
        if found and found[-1][1] == one["start"]:
            found[-1] = (found[-1][0], one["end"])
        else:
            found.append((one["start"], one["end"]))
    return found


def of_people(client: httpx.Client, site: str, day: str) -> Iterator[str]:
    """The dashboard of a day, and the events that it counts."""
    zone = ZoneInfo(
        next(one["time_zone"] for one in client.get("/api/v1/sites").json()["sites"] if one["site"] == site)
    )
    events = client.get("/api/v1/events", params={"type": "detection", "limit": 1000}).json()["events"]
    peaks, hours, total = defaultdict[str, list[int]](list), defaultdict[int, int](int), 0
    for one in (each["event"] for each in events):
        local, people = datetime.fromisoformat(one["time"]).astimezone(zone), one["data"]["people_count"]
        if one["source"].startswith(f"/sites/{site}/") and local.date().isoformat() == day:
            peaks[one["source"].rpartition("/")[2]].append(people)
            hours[local.hour] = max(hours[local.hour], people)
            total += 1
    said = client.get(f"/api/v1/dashboard/{site}", params={"date": day}).json()
    zones = {name: (found["peak"], found["events"]) for name, found in said["zones"].items()}
    counted = {name: (max(found), len(found)) for name, found in sorted(peaks.items())}
    yield from unlike("people by camera", {"the dashboard": zones, "events": counted})
    by_hour = {one["hour"]: one["count"] for one in said["hourly"] if one["count"]}
    yield from unlike("people by hour", {"the dashboard": by_hour, "events": {h: n for h, n in hours.items() if n}})
    yield from unlike("events", {"the dashboard": said["critical_events"]["total_events"], "events": total})


def of_tables(
    client: httpx.Client, data: Path, site: str, folder: Path, start: datetime, end: datetime
) -> Iterator[str]:
    """The tables of an export, alerts as they are listed, and people as the dashboard has them."""
    wanted = TableRange(site, devices(client, site), start, end, ZoneInfo("UTC"))
    with closing(SqliteJournalReader(data / "journal")) as journal:
        write_tables(folder, journal, wanted)
    names = ("alerts.csv", "detections.csv")
    rows = {name: list(csv.DictReader((folder / name).read_text("utf-8").splitlines())) for name in names}
    told: dict[tuple[str, str], tuple[str, str]] = {}
    for row in rows["alerts.csv"]:
        told[row["alert_id"], row["state"]] = (row["message"], row["level"])
    if len(told) < 3:
        yield "hardly anybody was alerted: nothing was compared"
    for one in client.get("/api/v1/alerts", params={"limit": 500}).json()["alerts"]:
        if one["site"] != site or one["device"] not in wanted.devices:
            continue
        listed = {"alerts": (one["message"], one["level"]), "the table": told.get((one["id"], "raised"))}
        yield from unlike(f"alert {one['id']}", listed)
        cleared = told.get((one["id"], "cleared"), (None, None))[0]
        yield from unlike(f"alert {one['id']}: end", {"alerts": one["cleared_message"], "the table": cleared})
    said = client.get(f"/api/v1/dashboard/{site}", params={"date": start.date().isoformat()}).json()
    watched = {name: one["events"] for name, one in said["zones"].items() if name in wanted.devices}
    people = sum(row["device"] in watched for row in rows["detections.csv"])
    yield from unlike("rows of people", {"the dashboard": sum(watched.values()), "the table": people})


MINUTE = re.compile(r"<figure><h3>([\d-]+ [\d:]+)(?: to ([\d:]+))? <span class=\"(\w+)\">")
DEVICE = re.compile(r"<tr><td>([^<]*)</td><td>([^<]*)</td><td>([^<]*)</td>")
INCIDENT = re.compile(
    r"<article><h3><bdi>([^<]*)</bdi>: ([^<]*)</h3><table><tbody><tr><td>Level</td><td>(\w+)</td></tr>"
    r"<tr><td>Time</td><td>([^<]*)</td>"
)


def of_report(client: httpx.Client, data: Path, site: str, start: datetime, end: datetime) -> Iterator[str]:
    """The page of a report: its incidents and its minutes, and those that are listed and drawn."""
    export = Export(
        export_id="swept", state="asked", by="ada", start=start, end=end, devices=(), form="zip", report="Sweep"
    )
    order = ExportOrder(data=data, site=site, asked=end, export=export)
    order.directory.mkdir(parents=True, exist_ok=True)
    report(order)
    [path] = order.directory.glob("*.html")
    page = path.read_text(encoding="utf-8")
    zone = ZoneInfo(
        next(one["time_zone"] for one in client.get("/api/v1/sites").json()["sites"] if one["site"] == site)
    )
    yield from _incidents_of_report(client, site, page, zone, (start, end))
    yield from _minutes_of_report(client, site, page, zone)


def _incidents_of_report(
    client: httpx.Client, site: str, page: str, zone: ZoneInfo, span: tuple[datetime, datetime]
) -> Iterator[str]:
    asked: dict[str, str | int] = {"site": site, "from": iso(span[0]), "to": iso(span[1]), "limit": 1000}

    def clock(moment: str | None) -> str:
        if moment is None:
            return "still open"
        return datetime.fromisoformat(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

    listed = [
        (
            one["device_name"],
            incident_words(one["type"]),
            one["level"],
            f"{clock(one['opened'])} to {clock(one['closed'])}",
        )
        for one in client.get("/api/v1/incidents", params=asked).json()["incidents"]
    ]
    shown = [tuple(map(unescape, found)) for found in INCIDENT.findall(page)]
    yield from unlike("incidents", {"the list": sorted(listed), "the report": sorted(shown)})


def _minutes_of_report(client: httpx.Client, site: str, page: str, zone: ZoneInfo) -> Iterator[str]:
    figures = page.partition("<h2>Minutes</h2>")[2].partition("<h2>Made of</h2>")[0].split("<figure>")[1:]
    if len(figures) < 3:
        yield "the report has hardly any minutes: nothing was compared"
    for figure in figures:
        found = MINUTE.match(f"<figure>{figure}")
        assert found is not None, figure[:200]
        begin = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
        until = begin + timedelta(minutes=1)
        if found[2]:
            until = datetime.strptime(f"{found[1][:10]} {found[2]}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
        rows = {unescape(name): (condition, types) for name, condition, types in DEVICE.findall(figure)}
        for number in range(int(begin.timestamp() // 60), int(until.timestamp() // 60)):
            tile = tile_of(client, site, number)
            yield from unlike(f"minute {number}", {"the tile": tile["state"], "the report": found[3]})
            for one in tile["devices"]:
                said = rows.get(one["device_name"], ("", ""))
                yield from unlike(
                    f"minute {number}: {one['device_id']}", {"the tile": one["condition"], "the report": said[0]}
                )
                missing = [kind for kind in one["types"] if incident_words(kind) not in unescape(said[1])]
                yield from unlike(
                    f"minute {number}: {one['device_id']}: types left out", {"": [], "the report": missing}
                )


def tile_of(client: httpx.Client, site: str, minute: int) -> Any:
    slot = f"{minute // 60 % 24:02d}{minute % 60:02d}"
    answer = client.get(f"/heatmaps/{site}/{slot}.json", params={"minute": minute})
    assert answer.status_code == 200, answer.text
    return answer.json()


class MemoryBucket(Bucket):
    """Objects by name."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, name: str, body: bytes, headers: ObjectHeaders | None = None, *, only_new: bool = False) -> None:
        self.objects[name] = body

    def get_small(self, name: str, most: int) -> bytes:
        if name not in self.objects:
            raise NoSuchObject(name)
        return self.objects[name]

    def delete(self, name: str) -> None:
        self.objects.pop(name, None)

    def close(self) -> None: ...


def of_bucket(client: httpx.Client, data: Path, site: str, now: datetime) -> Iterator[str]:
    """The index in the bucket and the timeline, and each minute in words."""
    bucket = MemoryBucket()
    with closing(TilePublisher(data, TileBucket(ColdStorage("tiles")), lambda: now, Flag())) as publisher:
        publisher._bucket = bucket
        while publisher.round():
            pass
    index = SiteIndex.model_validate_json(bucket.objects[f"heatmaps/{site}/index.json"])
    timeline = client.get(f"/api/v1/timeline/{site}").json()
    [entry] = [one for one in client.get("/api/v1/sites").json()["sites"] if one["site"] == site]
    said = index.model_dump(mode="json")
    for name in ("newest", "classes", "states", "incidents"):
        yield from unlike(name, {"the timeline": timeline[name], "the bucket": said[name]})
    for name in ("name", "time_zone"):
        yield from unlike(name, {"the site": entry[name], "the bucket": said[name]})
    for number in range(index.first, index.newest + 1):
        if index.revision(number) is not None:
            slot = f"{number // 60 % 24:02d}{number % 60:02d}"
            put = from_json(bucket.objects[f"heatmaps/{site}/{slot}.json"])
            yield from unlike(f"minute {number}", {"the hub": tile_of(client, site, number), "the bucket": put})
