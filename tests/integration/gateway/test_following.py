"""Server-sent events of a running gateway: nothing lost, nothing twice, while the journal grows."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests import builders
from tests.integration.gateway.started import Filled, Started


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Filled]:
    with Filled(tmp_path) as filled:
        yield filled


def listen(client: httpx.Client, count: int, **headers: str) -> list[int]:
    """The ids of the next events of a connection, which is then cut."""
    received: list[int] = []
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.stream("GET", "/api/v1/live?types=detection", headers=given) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("id: "):
                received.append(int(line.removeprefix("id: ")))
                if len(received) == count:
                    break
    return received


def test_a_client_that_is_cut_off_again_and_again_hears_everything_once(growing: Filled) -> None:
    total = 1500
    before = growing.head
    last = before + total

    def receive_all() -> list[int]:
        received = [before]
        with started.client() as client:
            while received[-1] < last:
                received += listen(client, min(70, last - received[-1]), last_event_id=str(received[-1]))
        return received

    with Started(growing.hub) as started, ThreadPoolExecutor() as threads:
        receiving = [threads.submit(receive_all) for _ in range(2)]
        for second in range(0, total, 10):
            growing.append(*(builders.detection(builders.at(second + part)) for part in range(10)))
        received = [one.result(timeout=30) for one in receiving]

    assert received == [list(range(before, last + 1))] * 2


def test_an_event_carries_its_place_in_the_journal(growing: Filled) -> None:
    before = growing.head
    growing.append(builders.alert())
    place = before + 1

    with (
        Started(growing.hub) as started,
        started.client() as client,
        client.stream("GET", f"/api/v1/live?after={before}") as live,
    ):
        lines = live.iter_lines()
        block = [next(lines) for _ in range(6)]

    assert block[:5] == ["event: head", f'data: {{"position":{place}}}', "", f"id: {place}", "event: alert"]
    reported = json.loads(block[5].removeprefix("data: "))
    assert (reported["position"], reported["received"]) == (place, "2026-01-05T10:00:00.000Z")
    assert reported["event"]["data"]["alert_id"] == "alert-1"


def test_a_client_that_is_gone_is_forgotten(growing: Filled) -> None:
    growing.append(builders.detection())

    with Started(growing.hub) as started, started.client() as client:
        listen(client, 1, last_event_id="0")
        started.wait_for(lambda: started.gateway.feed.clients == 0)


@pytest.mark.parametrize("value", ["abc", "-1", "1.5", "9" * 30, "٣"])
def test_an_id_that_is_no_position_is_refused(client: httpx.Client, value: str) -> None:
    answer = client.get("/api/v1/live", headers=[(b"Last-Event-ID", value.encode())])

    assert answer.status_code == 400


def test_the_gateway_stops_soon_although_clients_listen(growing: Filled) -> None:
    with Started(growing.hub) as started, started.client() as client, client.stream("GET", "/api/v1/live") as live:
        lines = live.iter_lines()
        assert next(lines) == "event: head"

        seconds = started.stop()

        assert [line for line in lines if line.startswith("id")] == []
    assert seconds < 3


@pytest.mark.parametrize("path", ["/api/v1/live", "/live/DEMO/yard/visual.mjpg"])
def test_a_head_of_a_stream_ends(client: httpx.Client, path: str) -> None:
    assert client.head(path).status_code == 200
