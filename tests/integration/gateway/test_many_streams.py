"""What the gateway says of the streams stays small, however many there are."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bus_schemas.event import HUB_SOURCE, Event, device_source
from tests import builders
from tests.integration.gateway.started import Filled, Started

STREAMS, SHOWN = 10_000, 50
HONEST = [f"honest-{number}" for number in range(9)]
SOURCES = [*HONEST, "flooded", "the hub"]
KNOWN = STREAMS + 2 * len(HONEST) + 1
"""Of an honest device its state is a stream as well; the hub's is what the registry says."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with Filled(_data(tmp_path_factory)) as filled:
        for device in HONEST:
            filled.append(builders.state(builders.at(0), device=device))
            filled.append(builders.detection(builders.at(0), device=device, epoch="one", sequence=1))
        filled.append(*_first_of_each_epoch())
        with Started(filled.hub) as started, started.client() as client:
            yield client


def _data(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("many")


def _first_of_each_epoch() -> Iterator[Event]:
    for number in range(STREAMS):
        at = builders.at(1 + number / 100)
        yield builders.detection(at, device="flooded", epoch=f"epoch-{number}", sequence=1, id=f"flood-{number}")


def test_the_system_shows_some_streams_of_each_source_and_counts_the_others(client: httpx.Client) -> None:
    answer = client.get("/api/v1/system")
    reported = answer.json()

    shown = {(one["source"], one["epoch"]) for one in reported["streams"]}
    assert {(device_source(builders.SITE, device), "one") for device in HONEST} <= shown
    assert (device_source(builders.SITE, "flooded"), f"epoch-{STREAMS - 1}") in shown
    assert len(reported["streams"]) == SHOWN
    assert reported["other_streams"] == KNOWN - SHOWN
    assert len(answer.content) < 20_000


def test_the_figures_have_one_line_a_source(client: httpx.Client) -> None:
    answer = client.get("/metrics")

    lines = [line for line in answer.text.splitlines() if line.startswith("watchpost_stream_watermark{")]
    assert len(lines) == len(SOURCES)
    assert all(line.endswith(" 0.0" if HUB_SOURCE in line else " 1.0") for line in lines)
    assert f"watchpost_known_streams {KNOWN:.1f}" in answer.text
    assert len(answer.content) < 50_000
