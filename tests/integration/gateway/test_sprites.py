"""Sprite sheets over HTTP: the index and the sheet say the same of an hour, and one request is enough."""

from datetime import datetime

import httpx

HOUR = "/api/v1/sites/DEMO/devices/yard/sprites/2026-01-05"


def test_a_sheet_says_the_time_of_each_of_its_pictures_as_its_index_does(client: httpx.Client) -> None:
    index = client.get(f"{HOUR}/10.json").json()
    sheet = client.get(f"{HOUR}/10.jpg?or_none=true")
    known = client.get(f"{HOUR}/10.jpg?or_none=true", headers={"If-None-Match": sheet.headers["etag"]})

    begin = datetime.fromisoformat("2026-01-05T10:00:00Z")
    times = [(datetime.fromisoformat(tile["time"]) - begin).total_seconds() for tile in index["tiles"]]
    said = [float(one) for one in sheet.headers["x-tile-times"].split(",")]
    assert (sheet.status_code, sheet.headers["content-type"], known.status_code) == (200, "image/jpeg", 304)
    assert said == times
    assert [int(one // index["tile_s"]) for one in said] == [tile["number"] for tile in index["tiles"]]
    assert known.headers["x-tile-times"] == sheet.headers["x-tile-times"]
    assert client.get(index["url"]).headers["x-tile-times"] == sheet.headers["x-tile-times"]


def test_an_hour_without_a_picture_is_a_404_or_for_who_asks_so_a_204(client: httpx.Client) -> None:
    missing, none = client.get(f"{HOUR}/08.jpg"), client.get(f"{HOUR}/08.jpg?or_none=true")

    assert (missing.status_code, missing.json()["detail"]) == (
        404,
        "there are no small pictures of 2026-01-05 08:00 UTC",
    )
    assert (none.status_code, none.content) == (204, b"")
