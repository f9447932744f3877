import httpx

from tests.eventually import eventually


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

    eventually(lambda: dashboard().json().get("zones"), within=20, what="the rows of the dashboard")
    answer = dashboard()

    assert answer.json() == {
        "site_name": "DEMO",
        "date": "2026-01-05",
        "zones": {"yard": {"peak": 8, "events": 1, "intensity": "high"}},
        "hourly": [{"hour": 11, "count": 8, "intensity": "high"}],
        "critical_events": {"CROWD_VIOLATION": 1, "total_events": 1},
    }
    tag = answer.headers["etag"]
    assert client.get("/api/v1/dashboard/DEMO?date=2026-01-05", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/api/v1/dashboard/DEMO").json()["date"] == "2026-01-05"


def test_a_bad_date_is_refused_with_a_sentence(client: httpx.Client) -> None:
    answer = client.get("/api/v1/dashboard/DEMO?date=2026-02-30")

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("date: Invalid date format. Use YYYY-MM-DD")
