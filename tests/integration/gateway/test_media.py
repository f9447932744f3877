from pathlib import Path

import httpx
import numpy as np
import pytest
import simplejpeg
from av.video.frame import VideoFrame

from consumers.store.archive.index import NAME as INDEX
from tests import builders
from tests.footage import Film, coded, muxed, number_of, numbered_picture
from tests.integration.gateway.started import CAPTURE, CAPTURE_KEY, SEGMENT, SEGMENT_KEY, Filled, Started

URL = f"/media/{SEGMENT_KEY}"
YARD = "/api/v1/sites/DEMO/devices/yard"
GATE = "/api/v1/sites/DEMO/devices/gate"


@pytest.mark.parametrize(
    ("wanted", "status", "body", "content_range"),
    [
        (None, 200, SEGMENT, None),
        ("bytes=0-499", 206, SEGMENT[:500], "bytes 0-499/10240"),
        ("bytes=-500", 206, SEGMENT[-500:], "bytes 9740-10239/10240"),
        ("bytes=10000-", 206, SEGMENT[10000:], "bytes 10000-10239/10240"),
        ("bytes=10000-99999", 206, SEGMENT[10000:], "bytes 10000-10239/10240"),
        ("bytes=0-1,4-5", 200, SEGMENT, None),
        ("lines=0-1", 200, SEGMENT, None),
    ],
)
def test_a_part_of_a_medium_is_sent_with_its_place(
    client: httpx.Client, wanted: str | None, status: int, body: bytes, content_range: str | None
) -> None:
    answer = client.get(URL, headers={"Range": wanted} if wanted else {})

    assert answer.status_code == status
    assert answer.content == body
    assert answer.headers["content-length"] == str(len(body))
    assert answer.headers.get("content-range") == content_range
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "video/mp2t"
    assert "immutable" in answer.headers["cache-control"]


def test_a_part_that_does_not_exist_cannot_be_had(client: httpx.Client) -> None:
    answer = client.get(URL, headers={"Range": "bytes=10240-"})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */10240"


def test_a_range_that_is_none_is_refused_with_a_sentence(client: httpx.Client) -> None:
    answer = client.get(URL, headers={"Range": "bytes=abc"})

    assert answer.status_code == 400
    assert answer.json()["detail"] == "'bytes=abc' is no range of bytes, such as bytes=0-499"


def test_what_a_browser_has_is_not_sent_again(client: httpx.Client) -> None:
    tag = client.get(URL).headers["etag"]

    answer = client.get(URL, headers={"If-None-Match": tag})

    assert (answer.status_code, answer.content) == (304, b"")


def test_a_head_says_how_large_a_medium_is(client: httpx.Client) -> None:
    answer = client.head(URL)

    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "10240", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/media/DEMO/yard/segment/other",
        "/media/DEMO/%2e%2e/segment/one",
        "/media/%2e%2e/%2e%2e/%2e%2e/etc",
        "/media/DEMO/yard/segment/..%2f..%2fone",
        "/media/DEMO/yard/segment/one%00",
        "/media/DEMO/yard/SEGMENT/one",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/%2e%2e/server.py",
    ],
)
def test_only_what_is_in_the_index_can_be_had(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_snapshot_is_the_newest_picture(client: httpx.Client) -> None:
    answer = client.get(f"{YARD}/snapshot.jpg")

    assert answer.content == CAPTURE
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-capture-time"] == "2026-01-05T10:09:58.000Z"


@pytest.mark.parametrize(
    ("max_age", "status"), [("1.9", 404), ("2", 200), ("316224000", 200), ("316224001", 400), ("nan", 400)]
)
def test_a_picture_that_is_too_old_is_none(client: httpx.Client, max_age: str, status: int) -> None:
    assert client.get(f"{YARD}/snapshot.jpg?max_age={max_age}").status_code == status


def test_a_snapshot_is_as_wide_as_it_is_shown(tmp_path: Path) -> None:
    picture = simplejpeg.encode_jpeg(np.zeros((360, 640, 3), np.uint8), 90)
    with Filled(tmp_path) as filled:
        filled.store((builders.media(builders.at(599), picture, kind="capture", id="wide"), picture)).fold()
        with Started(filled.hub) as started, started.client() as client:
            answers = {width: client.get(f"{YARD}/snapshot.jpg{width}") for width in ("", "?width=200", "?width=4000")}

    sizes = {width: simplejpeg.decode_jpeg_header(answer.content)[:2] for width, answer in answers.items()}

    assert sizes == {"": (360, 640), "?width=200": (135, 240), "?width=4000": (360, 640)}


def test_the_snapshot_of_a_device_that_sends_nothing_but_thumbnails_is_the_newest_of_them(tmp_path: Path) -> None:
    pictures = {second: b"\xff\xd8 of second %d \xff\xd9" % second for second in (590, 598)}
    with Filled(tmp_path) as filled:
        for second, body in pictures.items():
            filled.store((builders.media(builders.at(second), body, device="gate", id=f"t{second}"), body))
        filled.fold()
        with Started(filled.hub) as started, started.client() as client:
            snapshot = client.get("/api/v1/sites/DEMO/devices/gate/snapshot.jpg")
            shown = client.get("/api/v1/sites/DEMO/devices/gate").json()

    assert snapshot.content == pictures[598]
    assert shown["last_frame"] == "2026-01-05T10:09:58.000Z"


def recorded(filled: Filled, body: bytes, second: float, device: str = "gate") -> None:
    """Ten seconds of video that begin then."""
    medium = builders.media(builders.at(second + 10), body, kind="segment", device=device)
    filled.store((medium, body)).append(
        builders.segment(builders.at(second), device=device, media=(medium.data.key,), size=len(body))
    )


def test_a_camera_that_sends_no_stills_has_the_picture_with_which_its_newest_recording_begins(tmp_path: Path) -> None:
    film = Film(seconds=10, width=192, height=144)
    first, second = (muxed(packets, film) for packets in (list(coded(film)), list(coded(film, shifted))))
    with Filled(tmp_path) as filled:
        recorded(filled, first, 500)
        recorded(filled, second, 580)
        filled.fold()
        with Started(filled.hub) as started, started.client() as client:
            answer = client.get(f"{GATE}/snapshot.jpg?max_age=20")
            too_old = client.get(f"{GATE}/snapshot.jpg")
            has = client.get(GATE).json()["has"]
            small = client.get(f"{GATE}/snapshot.jpg?max_age=20&width=80")

    picture = simplejpeg.decode_jpeg(answer.content, "BGR")
    assert picture.shape == (144, 192, 3)
    assert number_of(VideoFrame.from_ndarray(picture, format="bgr24")) == number_of(shifted(0, 192, 144))
    assert (answer.headers["x-capture-time"], answer.headers["x-picture-kind"]) == (
        "2026-01-05T10:09:40.000Z",
        "segment",
    )
    assert too_old.status_code == 404
    assert has["picture"] is True
    assert simplejpeg.decode_jpeg_header(small.content)[:2] == (60, 80)


def shifted(number: int, width: int, height: int) -> VideoFrame:
    return numbered_picture(number + 700, width, height)


def test_a_recording_that_cannot_be_decoded_gives_no_picture_and_hides_none(tmp_path: Path) -> None:
    picture = simplejpeg.encode_jpeg(np.zeros((36, 64, 3), np.uint8), 90)
    with Filled(tmp_path) as filled:
        recorded(filled, b"no video at all" * 100, 580)
        recorded(filled, b"no video at all" * 100, 580, device="yard")
        filled.store((builders.media(builders.at(0), picture), picture)).fold()
        with Started(filled.hub) as started, started.client() as client:
            answers = [client.get(f"{of}/snapshot.jpg?max_age=900") for of in (GATE, YARD, GATE, YARD)]
            has = [client.get(of).json()["has"]["picture"] for of in (GATE, YARD)]
            listed = client.get("/api/v1/sites/DEMO/devices").json()["devices"]

    assert has == [False, True]
    assert {one["device"]: one["has"]["picture"] for one in listed} == {"gate": False, "yard": True}
    assert [one.status_code for one in answers] == [404, 200, 404, 200]
    assert answers[1].headers["x-picture-kind"] == "thumbnail"


def test_a_device_of_which_no_picture_is_kept_says_so(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.append(builders.frame(builders.at(599), device="gate")).fold()
        with Started(filled.hub) as started, started.client() as client:
            assert client.get(GATE).json()["has"]["picture"] is False


def test_devices_are_listed_although_the_index_of_media_is_broken(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.store((builders.media(builders.at(599), CAPTURE, kind="capture"), CAPTURE)).fold()
        (filled.hub.data / "archive" / INDEX).write_bytes(b"SQLite format 3\0" + bytes(8000))
        with Started(filled.hub) as started, started.client() as client:
            answer = client.get("/api/v1/sites/DEMO/devices")

    assert answer.status_code == 200
    assert [one["has"]["picture"] for one in answer.json()["devices"]] == [True, True]


def test_an_unknown_device_has_no_picture(client: httpx.Client) -> None:
    assert client.get("/api/v1/sites/DEMO/devices/nobody/snapshot.jpg").status_code == 404


def test_while_no_frame_arrives_the_newest_picture_is_shown(client: httpx.Client) -> None:
    with client.stream("GET", "/live/DEMO/yard/visual.mjpg") as answer:
        first = next(answer.iter_raw())

    assert CAPTURE in first


def test_the_thumbnails_of_a_stretch_are_sampled(client: httpx.Client) -> None:
    asked = {"from": "2026-01-05T10:00:00Z", "to": "2026-01-05T10:03:20Z", "max": "10"}

    answer = client.get(f"{YARD}/thumbnails", params=asked).json()

    assert answer["count"] == 10
    times = [one["time"] for one in answer["thumbnails"]]
    assert times == sorted(times)
    assert client.get(answer["thumbnails"][3]["url"]).content.startswith(b"thumbnail ")


def test_all_thumbnails_of_an_hour_are_listed(client: httpx.Client) -> None:
    answer = client.get(f"{YARD}/thumbnails/10").json()

    assert (answer["hour"], answer["count"], len(answer["thumbnails"])) == (10, 200, 200)
    assert answer["thumbnails"][0] == "/media/DEMO/yard/thumbnail/t000"


@pytest.mark.parametrize(
    ("path", "status"),
    [("thumbnails/99", 400), ("thumbnails/abc", 400), ("thumbnails/11", 404), ("thumbnails/10?date=2026-01-04", 404)],
)
def test_an_hour_that_is_none_is_refused_and_an_empty_one_not_found(
    client: httpx.Client, path: str, status: int
) -> None:
    assert client.get(f"{YARD}/{path}").status_code == status


def test_storage_is_told_by_device_and_kind(client: httpx.Client) -> None:
    answer = client.get("/api/v1/storage/stats").json()

    assert [(one["device"], one["files"]) for one in answer["devices"]] == [("yard", 202)]
    assert answer["devices"][0]["kinds"]["thumbnail"]["files"] == 200
    assert {one["kind"] for one in answer["retention"]} >= {"capture", "thumbnail", "segment"}
    assert CAPTURE_KEY.endswith("newest")
