"""Thermal pictures of the past, the radiometric frames of a time range, and what temperatures are now and follow."""

import csv
import io
import struct
from collections.abc import Iterator
from math import sin
from statistics import correlation

import httpx
import numpy as np
import pytest
import simplejpeg

from bus_schemas.event import Event, iso
from bus_schemas.media import MediaEvent
from bus_schemas.radiometric import CONTENT_TYPE, RadiometricFrame, encode
from edge.analysis.emissivity import corrected
from tests import builders
from tests.integration.gateway.started import Filled, Started

YARD = "/api/v1/sites/DEMO/devices/yard"
PICTURE = f"{YARD}/thermal.jpg"
LID = {"name": "lid", "coordinates": [[8, 8], [16, 16]], "emissivity": 0.8}


def temperatures(hottest: float) -> np.ndarray:
    found = np.linspace(20, 25, 768).reshape(24, 32)
    found[10:14, 10:14] = hottest
    return found.round(1)


def frame(second: float, hottest: float) -> tuple[MediaEvent, bytes]:
    body = encode(RadiometricFrame(32, 24, temperatures(hottest).ravel().tolist()), 0.1)
    return builders.media(builders.at(second), body, kind="thermal", id=f"f{second:g}", content_type=CONTENT_TYPE), body


def of_size(second: float, columns: int, rows: int) -> tuple[MediaEvent, bytes]:
    body = encode(RadiometricFrame(columns, rows, [21.5] * (columns * rows)), 0.1)
    return builders.media(builders.at(second), body, kind="thermal", id=f"s{second:g}", content_type=CONTENT_TYPE), body


def only_evidence(second: float) -> tuple[MediaEvent, bytes]:
    """A frame that was dropped, and of which the copy for its incident is left."""
    event, body = frame(second, 55.0)
    key = event.data.key.replace("/thermal/", "/evidence/")
    return event.model_copy(update={"data": event.data.model_copy(update={"key": key})}), body


def large(second: float) -> tuple[MediaEvent, bytes]:
    """A million pixels in 125 kB, as a device of somebody may send them."""
    body = struct.pack("<4sHHHBIi", b"WPT1", 1000, 1000, 100, 0, 0, 0) + bytes(125_000)
    return builders.media(builders.at(second), body, kind="thermal", id=f"l{second:g}", content_type=CONTENT_TYPE), body


def capture(second: float) -> tuple[MediaEvent, bytes]:
    picture = np.full((180, 320, 3), 60, np.uint8)
    picture[:, 160:] = 200
    body: bytes = simplejpeg.encode_jpeg(picture, quality=90)
    return builders.media(builders.at(second), body, kind="capture", id="seen"), body


def loaded(minute: int) -> Iterator[Event]:
    """A load that comes and goes, and a temperature that follows it five minutes later."""
    load, before = (400 + 100 * sin(each / 7) for each in (minute, minute - 5))
    time = builders.at(60 * minute - 7200)
    yield builders.reading(time, load, device="feeder")
    yield builders.thermal(time, hottest=round(20 + before / 10, 2))


FORMULA = "=1+1"
"""A name that a spreadsheet would calculate."""
HEAT = ((570, 85.0), (575, 90.0), (585, 94.5), (595, 87.25))
"""The last ten seconds are cooler than those before, and hot still."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An hour in which a lid is 40 degrees warm, then 90, and then a frame is damaged."""
    damaged = frame(400, 40.0)[1][:200]
    torn = builders.media(builders.at(400), damaged, kind="thermal", id="torn", content_type=CONTENT_TYPE), damaged
    with Filled(tmp_path_factory.mktemp("hub")) as filled:
        filled.append(builders.settings(builders.at(5), settings={"rois": [LID]}))
        filled.append(builders.settings(builders.at(90), settings={"rois": [LID, {**LID, "name": FORMULA}]}))
        filled.append(builders.thermal(builders.at(60)))
        filled.append(*(one for minute in range(60) for one in loaded(minute)))
        filled.store(frame(60, 40.0), frame(120, 90.0), torn, capture(120.5))
        filled.store(of_size(-3060, 32, 24), of_size(-3000, 32, 24), of_size(-2940, 160, 120))
        filled.store(only_evidence(-4000))
        filled.store(*(large(second) for second in range(-5000, -4983)))
        filled.append(*(builders.thermal(builders.at(second), hottest=hot) for second, hot in HEAT)).fold()
        with Started(filled.hub) as started, started.client() as client:
            yield client


def pixels(answer: httpx.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.asarray(simplejpeg.decode_jpeg(answer.content), int)


def at(second: float) -> str:
    return iso(builders.at(second))


def test_a_picture_of_the_past_is_of_the_newest_frame_until_then(client: httpx.Client) -> None:
    first, second = (client.get(PICTURE, params={"at": at(moment)}) for moment in (119, 130))

    assert (first.headers["x-capture-time"], second.headers["x-capture-time"]) == (at(60), at(120))
    assert pixels(first).shape == pixels(second).shape == (480, 640, 3)
    assert first.content != second.content


def test_a_gradient_is_bright_where_the_temperature_changes(client: httpx.Client) -> None:
    shown = pixels(client.get(PICTURE, params={"at": at(130), "form": "gradient", "scale": 4}))

    assert shown.shape == (96, 128, 3)
    assert shown[12 * 4, 10 * 4].sum() > shown[4, 4].sum() + 200
    assert shown[12 * 4, 12 * 4].sum() < shown[12 * 4, 10 * 4].sum()


def test_a_picture_is_enlarged_by_any_factor_within_bounds(client: httpx.Client) -> None:
    sizes = [pixels(client.get(PICTURE, params={"at": at(130), "scale": scale})).shape for scale in (1, 7, 40)]
    refused = client.get(PICTURE, params={"at": at(130), "scale": 41})

    assert sizes == [(24, 32, 3), (168, 224, 3), (960, 1280, 3)]
    assert (refused.status_code, "scale" in refused.text) == (400, True)


def test_a_frame_that_an_event_names_is_shown_by_its_id(client: httpx.Client) -> None:
    found = client.get(PICTURE, params={"frame": "f60"})

    assert found.content == client.get(PICTURE, params={"at": at(60)}).content
    assert client.get(PICTURE, params={"frame": "f61"}).json()["detail"].startswith("there is no thermal frame 'f61'")


def test_what_a_browser_has_is_not_drawn_again(client: httpx.Client) -> None:
    tag = client.get(PICTURE, params={"at": at(125)}).headers["etag"]
    again = client.get(PICTURE, params={"at": at(129)}, headers={"If-None-Match": tag})
    tried = client.get(PICTURE, params={"at": at(129), "emissivity": 0.5}, headers={"If-None-Match": tag})

    assert (again.status_code, again.content) == (304, b"")
    assert tried.status_code == 200


def test_another_emissivity_is_tried_on_the_past_and_changes_nothing(client: httpx.Client) -> None:
    reported = client.get(PICTURE, params={"at": at(125)})
    tried = client.get(PICTURE, params={"at": at(125), "emissivity": 0.4})
    after = client.get(PICTURE, params={"at": at(125)})

    assert np.abs(pixels(reported) - pixels(tried)).max() > 100
    assert after.content == reported.content


def test_labels_can_be_left_out(client: httpx.Client) -> None:
    plain = pixels(client.get(PICTURE, params={"at": at(125), "labels": "false"}))
    labelled = pixels(client.get(PICTURE, params={"at": at(125)}))

    assert np.abs(plain - labelled)[160:185, 160:330].max() > 100


@pytest.mark.parametrize("form", ["fusion", "mixed", "edges"])
def test_heat_is_laid_over_the_picture_of_the_camera_of_that_moment(client: httpx.Client, form: str) -> None:
    fused = pixels(client.get(PICTURE, params={"at": at(125), "form": form}))

    assert fused.shape == (180, 320, 3)


def test_the_heat_alone_has_nothing_of_the_camera(client: httpx.Client) -> None:
    shares = {
        share: pixels(client.get(PICTURE, params={"at": at(125), "form": "mixed", "thermal_share": share}))
        for share in (0, 1)
    }

    assert shares[0][:, 300].mean() == pytest.approx(200, abs=4)
    assert abs(shares[1][20, 150] - shares[1][20, 170]).max() < 30


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"at": at(40)}, 404, "no thermal frame of yard is kept of the 900 s before"),
        ({"at": at(300), "max_age": 60}, 404, "of the 60 s before"),
        ({"at": at(410)}, 404, "the thermal frame is damaged"),
        ({"at": at(100), "form": "edges"}, 404, "no picture of the camera of yard is kept of 2026-01-05T10:01:00"),
        ({"at": at(100_000)}, 400, "has not come yet"),
        ({"at": at(-4984), "max_age": 5, "scale": 40}, 404, "40000 x 40000 pixels are more than are drawn"),
        ({"emissivity": 0}, 400, "emissivity"),
        ({"form": "x-ray"}, 400, "form"),
        ({"frame": "../x"}, 400, "frame"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_sentence(
    client: httpx.Client, query: dict[str, str], status: int, words: str
) -> None:
    answer = client.get(PICTURE, params=query)

    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_the_frames_of_a_range_are_a_table_of_numpy(client: httpx.Client) -> None:
    answer = client.get(f"{YARD}/thermal-frames.npy", params={"from": at(0), "to": at(600)})
    table = np.load(io.BytesIO(answer.content))

    assert answer.headers["content-disposition"].endswith('filename="DEMO_yard_Temperature_20260105_1000.npy"')
    assert [str(time) for time in table["time"]] == ["2026-01-05T10:01:00.000", "2026-01-05T10:02:00.000"]
    assert np.abs(table["celsius"][1] - temperatures(90.0)).max() < 1e-4


def test_a_table_over_a_change_of_the_sensor_says_when_it_was_and_leaves_no_frame_out(client: httpx.Client) -> None:
    def asked(begin: float, end: float) -> httpx.Response:
        return client.get(f"{YARD}/thermal-frames.npy", params={"from": at(begin), "to": at(end)})

    both = asked(-3100, -2900)
    parts = [np.load(io.BytesIO(asked(*bounds).content)) for bounds in ((-3100, -2940), (-2940, -2900))]

    assert both.status_code == 400
    assert f"32 x 24 since {at(-3060)}, 160 x 120 since {at(-2940)}" in both.json()["detail"]
    assert [one["celsius"].shape for one in parts] == [(2, 24, 32), (1, 120, 160)]


def test_a_frame_that_only_its_incident_kept_is_shown_listed_and_in_the_tables(client: httpx.Client) -> None:
    around = {"from": at(-4060), "to": at(-3940)}
    shown = client.get(PICTURE, params={"at": at(-3990)})
    table = np.load(io.BytesIO(client.get(f"{YARD}/thermal-frames.npy", params=around).content))
    regions = list(csv.DictReader(io.StringIO(client.get(f"{YARD}/thermal-frames.csv", params=around).text)))
    listed = client.get(f"{YARD}/thumbnails", params={"kind": "thermal", **around}).json()["thumbnails"]

    assert shown.headers["x-capture-time"] == at(-4000)
    assert table["celsius"].max() == pytest.approx(55.0)
    assert [row["timestamp"] for row in regions] == [at(-4000)]
    assert [one["time"] for one in listed] == [at(-4000)]


def rows(client: httpx.Client, **query: float) -> list[dict[str, str]]:
    answer = client.get(f"{YARD}/thermal-frames.csv", params={"from": at(0), "to": at(600), **query})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_regions_of_a_range_are_a_table_with_their_quartiles(client: httpx.Client) -> None:
    found = [row for row in rows(client) if row["roi_name"] == "lid"]
    lid = corrected(temperatures(90.0)[8:16, 8:16], 0.8)

    assert [(row["timestamp"], row["site_id"]) for row in found] == [(at(60), "DEMO"), (at(120), "DEMO")]
    for column, expected in (
        ("min_temp", lid.min()), ("max_temp", lid.max()), ("avg_temp", lid.mean()),
        ("q1_temp", np.percentile(lid, 25)), ("q3_temp", np.percentile(lid, 75)),
    ):  # fmt: skip
        assert float(found[1][column]) == pytest.approx(expected, abs=0.011)


def test_no_name_of_a_region_is_a_formula_to_a_spreadsheet(client: httpx.Client) -> None:
    assert {row["roi_name"] for row in rows(client)} >= {"lid", f"'{FORMULA}"}


def test_a_range_has_each_region_while_it_was_in_force(client: httpx.Client) -> None:
    assert [row["timestamp"] for row in rows(client) if row["roi_name"].endswith(FORMULA)] == [at(120)]


def test_another_emissivity_is_tried_on_the_regions_of_a_range(client: httpx.Client) -> None:
    (_, reported), (_, tried) = (
        [float(row["max_temp"]) for row in rows(client, **query) if row["roi_name"] == "lid"]
        for query in ({}, {"emissivity": 0.5})
    )

    assert reported == pytest.approx(float(corrected(90.0, 0.8)), abs=0.011)
    assert tried == pytest.approx(float(corrected(90.0, 0.5)), abs=0.011)


def test_a_range_of_large_frames_is_refused_before_they_are_decoded(client: httpx.Client) -> None:
    for ending in ("npy", "csv"):
        answer = client.get(f"{YARD}/thermal-frames.{ending}", params={"from": at(-5000), "to": at(-4900)})

        assert (answer.status_code, "17,000,000 pixels" in answer.json()["detail"]) == (400, True)
        assert "fewer frames with max" in answer.json()["detail"]


def test_a_range_without_frames_is_refused(client: httpx.Client) -> None:
    for ending in ("npy", "csv"):
        answer = client.get(f"{YARD}/thermal-frames.{ending}", params={"from": at(500), "to": at(600)})

        assert (answer.status_code, "no thermal frame of yard is kept" in answer.json()["detail"]) == (404, True)


def test_an_open_alert_and_its_incident_say_what_is_now_and_what_was_the_worst(client: httpx.Client) -> None:
    [alert] = client.get("/api/v1/alerts", params={"state": "open", "device": "yard"}).json()["alerts"]
    why = client.get(f"/api/v1/alerts/{alert['id']}/why").json()
    incident = client.get(f"/api/v1/incidents/{alert['incident']}").json()
    then = client.get(f"/api/v1/incidents/{alert['incident']}", params={"as_of": at(576)}).json()

    assert alert["message"] == "Yard measures 85.0 °C"
    for said, details in ((why, why["alert"]["details"]), (incident, incident["incident"]["details"])):
        assert (details["max_temp"], details["worst"], details["worst_at"]) == (85.0, 94.5, at(585))
        assert said["now"] == {"value": 87.25, "time": at(595)}
    assert then["now"] == {"value": 90.0, "time": at(575)}
    assert "worst" not in then["incident"]["details"]


LOAD = {"name": "load", "unit": "A"}
HOURS = {"from": at(-7200), "to": at(-3600)}


def test_the_load_that_a_foreign_device_measures_is_listed_and_read_over_time(client: httpx.Client) -> None:
    series = client.get("/api/v1/sites/DEMO/readings").json()["series"]
    answer = client.get("/api/v1/sites/DEMO/devices/feeder/readings", params={**LOAD, **HOURS}).json()
    assert "points" in answer, answer

    assert series == [{"device": "feeder", **LOAD}]
    assert (answer["unit"], len(answer["points"])) == ("A", 60)
    assert answer["points"][0][1:] == [400.0, 400.0, 400.0]


def test_temperatures_follow_a_load_as_closely_as_pearson_says_and_as_late(client: httpx.Client) -> None:
    asked = {"with_device": "feeder", **LOAD, **HOURS}
    answer = client.get(f"{YARD}/temperatures/correlation", params=asked).json()
    regions = {one["roi"]: one for one in answer["regions"]}
    found = regions["composite"]

    loads = [400 + 100 * sin(minute / 7) for minute in range(60)]
    temperatures = [20 + (400 + 100 * sin((minute - 5) / 7)) / 10 for minute in range(60)]
    assert found["at_once"] == {
        "pearson": pytest.approx(correlation(loads, temperatures), abs=0.02),
        "pairs": 60,
        "lag_s": 0,
    }
    assert found["closest"] == {"pearson": pytest.approx(1.0, abs=0.001), "pairs": 55, "lag_s": 300}
    assert (regions["full_frame"]["at_once"], regions["full_frame"]["closest"]) == (None, None), (
        "its mean never changes"
    )


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        (f"{YARD}/temperatures/correlation?with_device=nobody&name=load", 404, "nobody"),
        (f"{YARD}/temperatures/correlation?name=load", 400, "with_device"),
        (f"{YARD}/temperatures/correlation?with_device=feeder&name=load&from=2025-01-01T00:00:00Z", 400, "31 days"),
        (f"{YARD}/readings?name=", 400, "name"),
        ("/api/v1/sites/NOWHERE/readings", 404, "NOWHERE"),
    ],
)
def test_a_correlation_of_what_is_not_there_is_refused(client: httpx.Client, path: str, status: int, says: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text
