"""Cold hours are played by the gateway as hot ones are, and what is out of reach is said so."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from consumers.engine import view_files
from consumers.store.cold.settings import ColdStorage
from consumers.upkeep.exports.footage import footage, loaded
from tests.builders import START
from tests.cold_hub import ColdHub
from tests.integration.gateway.started import Started
from tests.rclone import S3Server

HOUR = "/hls/DEMO/yard/2026-01-05/10.m3u8"


@pytest.fixture
def hub(tmp_path: Path, storage: ColdStorage) -> ColdHub:
    """Five minutes that only the bucket has."""
    return cold_hub(tmp_path / "data", storage)


def cold_hub(data: Path, storage: ColdStorage) -> ColdHub:
    hub = ColdHub(data, storage)
    hub.record(START, minutes=5)
    hub.archive(timedelta(hours=7))
    hub.fold()
    return hub


@pytest.fixture
def client(hub: ColdHub) -> Iterator[httpx.Client]:
    with Started(hub.hub, clock=lambda: hub.now) as started, started.client() as client:
        yield client


def listed(playlist: str) -> list[str]:
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]


def key_of(url: str) -> str:
    return url.removeprefix("/media/").removesuffix(".ts")


def test_the_playlist_of_a_cold_hour_is_played_from_the_bucket(hub: ColdHub, client: httpx.Client) -> None:
    urls = listed(client.get(HOUR).text)
    played = [client.get(url) for url in urls]

    assert hub.packs_on_disk() == []
    assert len(urls) == 30
    assert [one.status_code for one in played] == [200] * 30
    assert [one.content for one in played] == [hub.payloads[key_of(url)] for url in urls]
    assert {one.headers["x-storage-tier"] for one in played} == {"cold"}


def test_a_part_of_a_cold_medium_is_read_by_its_range(hub: ColdHub, client: httpx.Client) -> None:
    (url, *_) = listed(client.get(HOUR).text)

    part = client.get(url, headers={"Range": "bytes=1000-1999"})

    assert part.status_code == 206
    assert part.content == hub.payloads[key_of(url)][1000:2000]


def test_lists_say_where_each_medium_is(hub: ColdHub, client: httpx.Client) -> None:
    hub.record(hub.now, minutes=1)
    hub.fold()
    until = hub.now
    asked: dict[str, str | int] = {"from": START.isoformat(), "to": until.isoformat()}

    segments = client.get("/api/v1/sites/DEMO/devices/yard/segments", params=asked).json()["segments"]
    thumbnails = client.get("/api/v1/sites/DEMO/devices/yard/thumbnails", params={**asked, "max": 500}).json()[
        "thumbnails"
    ]

    assert [one["tier"] for one in segments] == ["cold"] * 30 + ["hot"] * 6
    assert {one["tier"] for one in thumbnails} == {"cold", "hot"}


def test_the_sprite_sheet_of_a_cold_hour_is_drawn(client: httpx.Client) -> None:
    described = client.get("/api/v1/sites/DEMO/devices/yard/sprites/2026-01-05/10.json").json()

    sheet = client.get(described["url"])

    assert len(described["tiles"]) == 5
    assert (sheet.status_code, sheet.headers["content-type"]) == (200, "image/jpeg")


def test_an_export_reads_cold_segments_and_says_where_it_cannot(tmp_path: Path, own_s3: S3Server) -> None:
    hub = cold_hub(tmp_path / "data", own_s3.storage(keep_hot=timedelta(hours=6)))
    view = view_files.open_view(hub.data, "recordings")
    rows = footage(view, "DEMO", "yard", START, hub.now).segments
    view.close()
    found = list(loaded(hub.hub, rows, lambda: None))
    own_s3.stop()
    shutil.rmtree(hub.data / "cold_cache")

    assert [one.body for one in found] == [hub.payloads[row.key] for row in rows]
    assert {one.found for one in found} == {"intact"}
    assert {one.found for one in loaded(hub.hub, rows, lambda: None)} == {"out of reach"}


def test_the_storage_page_counts_the_bucket_beside_the_disk(
    hub: ColdHub, client: httpx.Client, s3: S3Server, storage: ColdStorage
) -> None:
    stats = client.get("/api/v1/storage/stats").json()

    (yard,) = stats["devices"]
    packs = sum(size for name, size in s3.files(storage.prefix).items() if name.startswith("packs/"))
    assert stats["cold"] == {
        "name": storage.name,
        "bytes": packs,
        "waiting_bytes": 0,
        "deleting": 0,
        "within_reach": True,
    }
    assert (yard["bytes"], yard["cold_bytes"], yard["files"]) == (0, packs, 60)


def test_a_bucket_that_is_away_is_a_503_with_a_sentence_and_what_was_read_before_still_plays(
    tmp_path: Path, own_s3: S3Server
) -> None:
    hub = cold_hub(tmp_path / "data", own_s3.storage(keep_hot=timedelta(hours=6)))
    with ExitStack() as stack:
        started = stack.enter_context(Started(hub.hub, clock=lambda: hub.now))
        client = stack.enter_context(started.client())
        urls = listed(client.get(HOUR).text)
        assert client.get(urls[0]).status_code == 200
        own_s3.stop()
        # Block by block: the last segment lies in a block of its own.
        lost, kept = client.get(urls[-1]), client.get(urls[0])
        tiers = {one["tier"] for one in client.get("/api/v1/sites/DEMO/devices/yard/segments").json()["segments"]}
        reach = client.get("/api/v1/storage/stats").json()["cold"]["within_reach"]
        own_s3.start()

    assert lost.status_code == 503
    assert lost.json()["detail"].startswith("this is in cold storage only: s3://evidence/hub at http://127.0.0.1:")
    assert lost.headers["retry-after"] == "5"
    assert kept.status_code == 200
    assert (tiers, reach) == ({"out_of_reach"}, False)
