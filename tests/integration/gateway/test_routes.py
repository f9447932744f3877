import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from string import ascii_lowercase, ascii_uppercase, digits

import httpx
import pytest
import simplejpeg
from prometheus_client.metrics import MetricWrapperBase

from bus_schemas.catalogue import MODELS, short_name
from consumers.registry import CONSUMERS, STORE_OWNERS
from tests.eventually import eventually
from tests.integration.gateway.started import Filled


def test_sites_and_their_devices_are_shown_with_what_is_wrong(client: httpx.Client) -> None:
    sites = client.get("/api/v1/sites").json()
    devices = client.get("/api/v1/sites/DEMO/devices").json()

    assert [site["site"] for site in sites["sites"]] == ["DEMO"]
    assert sites["sites"][0]["time_zone"] == "Europe/Berlin"
    assert sites["sites"][0]["devices"] == 2
    assert sites["sites"][0]["open_incidents"] > 0
    assert [device["device"] for device in devices["devices"]] == ["yard", "gate"]
    assert devices["devices"][1]["status"] == "not_started"


def test_a_dashboard_is_of_a_day_of_the_site(client: httpx.Client) -> None:
    def dashboard() -> httpx.Response:
        return client.get("/api/v1/dashboard/DEMO?date=2026-01-05")

    def counted() -> int:
        return int(dashboard().json().get("critical_events", {}).get("total_events", 0))

    eventually(counted, what="the rows of the dashboard")
    answer = dashboard()

    assert answer.json() == {
        "site_name": "DEMO",
        "date": "2026-01-05",
        "zones": {"yard": {"peak": 8, "events": 1, "intensity": "high"}},
        "hourly": [{"hour": 11, "repeated": False, "count": 8, "intensity": "high"}],
        "critical_events": {"CROWD_VIOLATION": 1, "total_events": 1},
    }
    tag = answer.headers["etag"]
    assert client.get("/api/v1/dashboard/DEMO?date=2026-01-05", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/api/v1/dashboard/DEMO").json()["date"] == "2026-01-05"


def test_a_bad_date_is_refused_with_a_sentence(client: httpx.Client) -> None:
    answer = client.get("/api/v1/dashboard/DEMO?date=2026-02-30")

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("date: Invalid date format. Use YYYY-MM-DD")


@pytest.mark.parametrize(("date", "minutes"), [("2026-01-05", 1440), ("2026-03-29", 1380), ("2026-10-25", 1500)])
def test_a_timeline_has_the_minutes_of_the_day_of_the_site(client: httpx.Client, date: str, minutes: int) -> None:
    answer = client.get("/api/v1/timeline/DEMO", params={"date": date})
    reported = answer.json()

    assert len(base64.b64decode(reported["states"])) == minutes // 4
    begin, end = (datetime.fromisoformat(reported[name]) for name in ("from", "to"))
    assert end - begin == timedelta(minutes=minutes)
    assert len(answer.content) < 3000


def test_a_slot_does_not_show_the_minute_of_another_day(client: httpx.Client) -> None:
    """10:05 of that Monday is minute 29460125 since 1970."""
    now = client.get("/heatmaps/DEMO/1005.json")
    same = client.get("/heatmaps/DEMO/1005.json?minute=29460125")
    yesterday = client.get("/heatmaps/DEMO/1005.json?minute=29458685")

    assert (now.status_code, same.status_code, yesterday.status_code) == (200, 200, 404)
    assert now.json()["minute"] == 29460125


def test_a_closed_minute_is_kept_by_browsers_under_its_revision_and_the_newest_is_not(client: httpx.Client) -> None:
    reported = client.get("/api/v1/timeline/DEMO").json()
    newest, closed = reported["newest"], 29460125
    letter = reported["revisions"][closed - newest - 1]
    revision = (ascii_uppercase + ascii_lowercase + digits + "+/").index(letter)
    cached = {
        path: client.get(path).headers["cache-control"]
        for path in (
            f"/heatmaps/DEMO/1005.jpg?minute={closed}&revision={revision}",
            f"/heatmaps/DEMO/1005.json?minute={closed}&revision={revision}",
            f"/heatmaps/DEMO/1005.jpg?minute={closed}&revision={(revision + 1) % 64}",
            f"/heatmaps/DEMO/1005.jpg?minute={closed}",
            f"/heatmaps/DEMO/1005.jpg?revision={revision}",
            f"/heatmaps/DEMO/{newest // 60 % 24:02d}{newest % 60:02d}.jpg?minute={newest}&revision=0",
        )
    }

    assert len(reported["revisions"]) == 1440
    assert list(cached.values()) == ["private, max-age=86400, immutable"] * 2 + ["private, no-cache"] * 4


def test_half_an_hour_of_mosaics_is_one_picture(client: httpx.Client) -> None:
    sheet = client.get("/heatmaps/DEMO/sheets/29460120.jpg")
    whole = client.get("/heatmaps/DEMO/1005.jpg?minute=29460125")
    known = client.get("/heatmaps/DEMO/sheets/29460120.jpg", headers={"If-None-Match": sheet.headers["etag"]})

    rows, columns = simplejpeg.decode_jpeg_header(sheet.content)[:2]
    of_one = simplejpeg.decode_jpeg_header(whole.content)[:2]
    place = simplejpeg.decode_jpeg(sheet.content, "GRAY")[rows // 6 : rows // 3, : columns // 5, 0]
    assert (sheet.status_code, known.status_code) == (200, 304)
    assert (rows / 6) / (columns / 5) == pytest.approx(of_one[0] / of_one[1], rel=0.02)
    assert place.mean() > 5, "the sixth minute begins the second row"


def test_a_sheet_begins_with_a_half_hour_and_has_a_minute(client: httpx.Client) -> None:
    wrong, empty = (client.get(f"/heatmaps/DEMO/sheets/{first}.jpg") for first in (29460121, 29450010))

    assert (wrong.status_code, wrong.json()["detail"]) == (400, "first: a multiple of 30 is needed")
    assert (empty.status_code, empty.json()["detail"]) == (
        404,
        "there are no mosaics of DEMO in the 30 minutes from 29450010",
    )


def test_the_log_is_read_page_by_page_and_as_lines(client: httpx.Client) -> None:
    first = client.get("/api/v1/events", params={"type": "frame", "limit": 20}).json()
    second = client.get("/api/v1/events", params={"type": "frame", "limit": 20, "after": first["next"]}).json()
    lines = client.get("/api/v1/events?type=frame", headers={"Accept": "application/x-ndjson"}).text.splitlines()

    positions = [one["position"] for page in (first, second) for one in page["events"]]
    assert positions == [json.loads(line)["position"] for line in lines]
    assert second["next"] is None
    assert {json.loads(line)["event"]["type"] for line in lines} == {"watchpost.frame.v1"}


def test_an_unknown_type_of_event_is_named(client: httpx.Client) -> None:
    answer = client.get("/api/v1/events?type=detektion")

    assert answer.status_code == 400
    known = ", ".join(sorted({short_name(name) for name in MODELS}))
    assert answer.json()["detail"] == f"type: 'detektion' is not known; known are {known}"
    assert known.startswith("agent, alert, annotation, clock, command, detection, ")


def test_health_is_told_in_the_words_of_before(client: httpx.Client) -> None:
    brief = {one["camera_id"]: one for one in client.get("/api/v1/health/devices").json()}
    full = client.get("/api/v1/sites/DEMO/devices/yard/health").json()

    assert brief["gate"] == {
        "site": "DEMO",
        "device": "gate",
        "camera_name": "Gate",
        "camera_id": "gate",
        "status": "not_started",
        "condition": "offline",
        "types": ["offline"],
        "reason": "nothing received since it was added",
        "is_recording": False,
    }
    assert brief["yard"]["total_reconnects"] == 2
    # The types of its incidents say why; a reason is what an incident has to add to its type.
    why = ("degraded", "critical", ["hot_spot", "blackscreen"], None)
    reported = ("status", "condition", "types", "reason")
    assert [tuple(one[key] for key in reported) for one in (brief["yard"], full)] == [why] * 2
    assert set(full["health_metrics"]) == {
        "last_frame_time",
        "time_since_last_frame_seconds",
        "last_connection_attempt",
        "last_successful_connection",
        "total_reconnects",
        "consecutive_failures",
        # Those below are ours.
        "expects",
        "has_worked",
        "silent_since",
    }
    assert full["recording_info"]["current_segment_path"] is None


def test_an_alert_is_explained_by_the_events_behind_it(client: httpx.Client) -> None:
    alerts = client.get("/api/v1/alerts").json()["alerts"]
    hot = next(alert for alert in alerts if alert["type"] == "hot_spot")
    why = client.get(f"/api/v1/alerts/{hot['id']}/why").json()

    assert why["alert"]["id"] == hot["id"]
    assert "threshold" in why["rule"]["text"]
    assert "watchpost.thermal.v1" in {one["event"]["type"] for one in why["events"]}


@pytest.mark.parametrize("limit", ["0", "-1", "501", "abc"])
def test_a_limit_out_of_bounds_is_refused(client: httpx.Client, limit: str) -> None:
    assert client.get(f"/api/v1/alerts?limit={limit}").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/sites/NOWHERE/devices",
        "/api/v1/sites/DEMO/devices/nobody",
        "/api/v1/sites/DEMO/devices/nobody/health",
        "/api/v1/dashboard/NOWHERE",
        "/api/v1/timeline/NOWHERE",
        "/api/v1/alerts/none/why",
    ],
)
def test_what_nobody_knows_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_clips_are_listed_with_a_picture_and_a_playlist(client: httpx.Client) -> None:
    (clip,) = client.get("/api/v1/clips?site=DEMO&device=yard&trigger=motion").json()["clips"]
    other = client.get("/api/v1/clips?device=gate").json()

    assert (clip["start"], clip["end"], clip["ended"]) == ("2026-01-05T10:00:31.000Z", "2026-01-05T10:00:50.000Z", True)
    assert clip["picture"] == "/media/DEMO/yard/thumbnail/t036"
    assert client.get(clip["url"]).status_code == (200 if clip["playable"] else 404)
    assert other == {"clips": []}


def test_the_track_of_motion_is_thinned(client: httpx.Client) -> None:
    track = client.get("/api/v1/sites/DEMO/devices/yard/motion/track?max=10").json()

    assert track == {"points": [{"time": "2026-01-05T10:00:40.000Z", "boxes": [[0.25, 0.25, 0.5, 0.5]]}]}


def test_a_bucket_is_answered_as_it_was_used(client: httpx.Client) -> None:
    counts = client.get("/api/v1/sites/DEMO/devices/yard/motion?bucket=36").json()

    assert counts["bucket_s"] == 35
    assert sum(one["seconds"] for one in counts["buckets"]) == 4.0


def test_motion_shows_where_it_was(client: httpx.Client) -> None:
    counts = client.get("/api/v1/sites/DEMO/devices/yard/motion?bucket=300").json()
    picture = client.get("/api/v1/sites/DEMO/devices/yard/motion-heatmap.png?date=2026-01-05")
    again = client.get("/api/v1/sites/DEMO/devices/yard/motion-heatmap.png?date=2026-01-05&n=8")
    none = client.get("/api/v1/sites/DEMO/devices/yard/motion-heatmap.png?date=2026-01-04")

    assert counts["buckets"] == [{"time": "2026-01-05T10:00:00.000Z", "events": 1, "began": 1, "seconds": 4.0}]
    assert picture.content.startswith(b"\x89PNG")
    assert again.content == picture.content
    assert (none.status_code, none.json()["detail"]) == (404, "No motion data available for this date")


def test_the_system_tells_of_itself(client: httpx.Client, filled: Filled) -> None:
    reported = client.get("/api/v1/system").json()

    assert reported["journal"]["head"] == filled.head
    assert reported["rejected"]["count"] == 1
    assert reported["rejected"]["newest"][0]["reason"] == "type is missing"
    assert reported["broker"]["connected"] is False
    assert {"percent", "cores"} == set(reported["cpu"])


def test_every_consumer_is_told_of(client: httpx.Client, filled: Filled) -> None:
    reported = client.get("/api/v1/consumers").json()

    names = {one["name"] for one in reported["consumers"]}
    assert names == {*CONSUMERS, *STORE_OWNERS}
    assert {one["error"] for one in reported["consumers"]} == {None}
    assert next(one for one in reported["consumers"] if one["name"] == "health")["lag"] == 0


def test_figures_for_prometheus_are_given(client: httpx.Client, filled: Filled) -> None:
    text = client.get("/metrics").text

    assert f"watchpost_journal_head {filled.head:.1f}" in text
    assert 'watchpost_consumer_lag{consumer="health"} 0.0' in text
    assert "watchpost_rejected_messages 1.0" in text


def test_two_that_scrape_at_once_get_every_figure(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a pair of Prometheus servers does, by the same clock; with many devices to set, it takes a while."""
    names = {line.split()[0] for line in client.get("/metrics").text.splitlines() if line.startswith("watchpost_")}
    clear, never = MetricWrapperBase.clear, threading.Event()

    def slow_clear(gauge: MetricWrapperBase) -> None:
        clear(gauge)
        never.wait(0.01)

    monkeypatch.setattr(MetricWrapperBase, "clear", slow_clear)
    with ThreadPoolExecutor(4) as scrapers:
        for text in scrapers.map(lambda _: client.get("/metrics").text, range(8)):
            assert names <= {line.split()[0] for line in text.splitlines() if not line.startswith("#")}
