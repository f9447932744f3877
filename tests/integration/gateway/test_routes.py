import httpx


def test_sites_and_their_devices_are_shown_with_what_is_wrong(client: httpx.Client) -> None:
    sites = client.get("/api/v1/sites").json()
    devices = client.get("/api/v1/sites/DEMO/devices").json()

    assert [site["site"] for site in sites["sites"]] == ["DEMO"]
    assert sites["sites"][0]["time_zone"] == "Europe/Berlin"
    assert sites["sites"][0]["devices"] == 2
    assert sites["sites"][0]["open_incidents"] > 0
    assert [device["device"] for device in devices["devices"]] == ["yard", "gate"]
    assert devices["devices"][1]["status"] == "not_started"
