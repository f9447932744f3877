"""Playlists of a running gateway, over segments that were folded from events."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.store.archive.retention import ArchiveRetention
from tests import builders
from tests.integration.gateway.started import Filled, Started

LIVE = "/hls/DEMO/yard/live.m3u8"
HOUR = "/hls/DEMO/yard/2026-01-05/10.m3u8"


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Filled]:
    with Filled(tmp_path) as filled:
        yield filled


def segments(filled: Filled, first: int, count: int) -> None:
    filled.append(*(builders.segment(builders.at(10 * number)) for number in range(first, first + count))).fold()


def field(text: str, name: str) -> int:
    return next(int(line.partition(":")[2]) for line in text.splitlines() if line.startswith(f"#{name}:"))


def test_the_live_list_slides_and_never_jumps_back(recorded: Filled) -> None:
    sequences = []
    with Started(recorded.hub) as started, started.client() as client:
        for first in range(0, 40, 5):
            segments(recorded, first, 5)
            text = client.get(LIVE).text
            sequences.append(field(text, "EXT-X-MEDIA-SEQUENCE"))

    assert text.count("#EXTINF:10.000000,") == 10
    assert "#EXT-X-ENDLIST" not in text
    assert [one - sequences[0] for one in sequences] == [0, 0, 5, 10, 15, 20, 25, 30]


def test_the_sequence_of_the_live_list_grows_over_midnight(recorded: Filled) -> None:
    night = (14 * 3600 - 100) // 10
    sequences = []
    with Started(recorded.hub) as started, started.client() as client:
        for first in range(night, night + 24, 4):
            segments(recorded, first, 4)
            sequences.append(field(client.get(LIVE).text, "EXT-X-MEDIA-SEQUENCE"))

    assert sequences == sorted(sequences)
    assert sequences[-1] > sequences[0] + 50_000


def test_the_sequence_of_the_live_list_does_not_fall_when_retention_drops_segments_of_the_same_day(
    recorded: Filled,
) -> None:
    spans = [("yard", 0, 100), (None, 100, 205), ("gate", 0, 400), ("yard", 0, 100)]
    gone = [
        builders.retention(kind="segment", device=device, start=builders.at(start), end=builders.at(end))
        for device, start, end in spans
    ]
    found = []
    with Started(recorded.hub) as started, started.client() as client:
        segments(recorded, 0, 15)
        segments(recorded, 17, 23)
        for event in gone:
            text = client.get(LIVE).text
            found.append((field(text, "EXT-X-MEDIA-SEQUENCE"), field(text, "EXT-X-DISCONTINUITY-SEQUENCE")))
            recorded.append(event).fold()
        segments(recorded, 40, 5)
        text = client.get(LIVE).text

    assert set(found) == {found[0]}
    assert field(text, "EXT-X-MEDIA-SEQUENCE") == found[0][0] + 5
    assert field(text, "EXT-X-DISCONTINUITY-SEQUENCE") == found[0][1]


def recorded_at(text: str) -> list[str]:
    """The addresses of the segments of a list, a break as an empty one."""
    lines = (line for line in text.splitlines() if line == "#EXT-X-DISCONTINUITY" or not line.startswith("#"))
    return [line if line.startswith("/") else "" for line in lines]


def test_what_a_clock_that_was_set_back_recorded_again_plays_after_what_was_recorded_before(recorded: Filled) -> None:
    before = [builders.segment(builders.at(10 * number)) for number in range(30)]
    again = [builders.segment(builders.at(203 + 10 * number), discontinuity=number == 0) for number in range(15)]
    addresses = [f"/media/{event.data.media[0]}.ts" for event in (*before, *again)]
    sequences = []
    with Started(recorded.hub) as started, started.client() as client:
        for part in (before[:15], before[15:], again[:2], again[2:]):
            recorded.append(*part).fold()
            live = client.get(LIVE).text
            sequences.append(field(live, "EXT-X-MEDIA-SEQUENCE"))
        hour = client.get(HOUR).text
        asked = {"from": "2026-01-05T10:04:05Z", "to": "2026-01-05T10:06:00Z"}
        part_of_it = client.get("/hls/DEMO/yard/range.m3u8", params=asked).text

    assert recorded_at(hour) == [*addresses[:30], "", *addresses[30:]]
    assert recorded_at(part_of_it) == [*addresses[24:30], "", *addresses[34:]]
    assert recorded_at(live) == addresses[-10:]
    assert [one - sequences[0] for one in sequences] == [0, 15, 17, 30]


def test_an_hour_grows_until_it_is_closed(recorded: Filled) -> None:
    with Started(recorded.hub) as started, started.client() as client:
        segments(recorded, 0, 3)
        growing = client.get(HOUR).text
        recorded.append(builders.tick(builders.at(3600 + 59))).fold()
        waiting = client.get(HOUR).text
        recorded.append(builders.tick(builders.at(3600 + 60))).fold()
        closed = client.get(HOUR).text

    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in growing
    assert "#EXT-X-ENDLIST" not in growing
    assert "#EXT-X-ENDLIST" not in waiting
    assert closed.endswith("#EXT-X-ENDLIST\n")


def test_the_last_segments_of_an_hour_are_in_its_list(recorded: Filled) -> None:
    with Started(recorded.hub) as started, started.client() as client:
        segments(recorded, 0, 400)
        hour = client.get(HOUR).text
        following = client.get("/hls/DEMO/yard/2026-01-05/11.m3u8").text

    assert hour.count("#EXTINF") == 360
    assert "#EXT-X-ENDLIST" in hour
    assert following.count("#EXTINF") == 40
    assert "#EXT-X-ENDLIST" not in following


def test_a_hole_of_a_minute_is_a_discontinuity(recorded: Filled) -> None:
    segments(recorded, 0, 2)
    segments(recorded, 8, 2)

    with Started(recorded.hub) as started, started.client() as client:
        asked = {"from": "2026-01-05T10:00:00Z", "to": "2026-01-05T11:00:00Z"}
        text = client.get("/hls/DEMO/yard/range.m3u8", params=asked).text
        recordings = client.get("/api/v1/sites/DEMO/devices/yard/recordings", params=asked).json()["recordings"]

    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert "#EXT-X-PROGRAM-DATE-TIME:2026-01-05T10:01:20.000Z" in text
    assert [(one["duration_s"], one["segments"], one["gap_before_s"]) for one in recordings] == [
        (20.0, 2, None),
        (20.0, 2, 60.0),
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/hls/DEMO/yard/2026-01-05/24.m3u8", 400),
        ("/hls/DEMO/yard/2026-13-05/10.m3u8", 400),
        ("/hls/DEMO/yard/2026-01-05/03.m3u8", 404),
        ("/hls/DEMO/nobody/live.m3u8", 404),
        ("/hls/DEMO/gate/live.m3u8", 404),
        ("/hls/DEMO/yard/range.m3u8?from=2026-01-05T10:00:00Z&to=2026-02-05T10:00:00Z", 400),
        ("/hls/DEMO/yard/range.m3u8?from=2026-01-04T10:00:00Z&to=2026-01-04T11:00:00Z", 404),
        ("/hls/DEMO/yard/range.m3u8?from=2026-01-04T10:00:00Z&to=2026-01-04T11:00:00Z&or_none=true", 204),
        ("/hls/DEMO/nobody/range.m3u8?from=2026-01-04T10:00:00Z&to=2026-01-04T11:00:00Z&or_none=true", 404),
    ],
)
def test_what_was_not_recorded_has_no_list(recorded: Filled, path: str, status: int) -> None:
    segments(recorded, 0, 1)

    with Started(recorded.hub) as started, started.client() as client:
        assert client.get(path).status_code == status


def test_what_retention_has_dropped_is_named_nowhere_before_any_view_knows_of_it(recorded: Filled) -> None:
    reported = [builders.segment(builders.at(60 * minute)) for minute in range(20)]
    for event in reported:
        key = event.data.media[0]
        medium = builders.media(event.data.start, b"video of a minute", kind="segment", id=key.rpartition("/")[2])
        recorded.store((medium, b"video of a minute"))
    recorded.append(*reported).fold()
    now = builders.at(20 * 60)
    archive = ArchiveRetention(recorded.hub.data / "archive", lambda: now)
    archive.drop(archive.expiring("segment", builders.at(10 * 60)))

    with Started(recorded.hub) as started, started.client() as client:
        asked = {"from": "2026-01-05T10:00:00Z", "to": "2026-01-05T11:00:00Z"}
        span, hour = client.get("/hls/DEMO/yard/range.m3u8", params=asked).text, client.get(HOUR).text
        listed = client.get("/api/v1/sites/DEMO/devices/yard/segments", params=asked).json()["segments"]
        runs = client.get("/api/v1/sites/DEMO/devices/yard/recordings", params=asked).json()["recordings"]
        answers = {client.get(one["url"]).status_code for one in listed}
        gone = client.get(f"/media/{reported[0].data.media[0]}")

    assert (span.count("#EXTINF"), hour.count("#EXTINF"), len(listed)) == (10, 10, 10)
    assert runs[0]["start"] == "2026-01-05T10:10:00.000Z"
    assert answers == {200}
    assert (gone.status_code, "dropped by retention" in gone.text) == (404, True)
