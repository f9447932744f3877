"""Minutes of the mosaics, pushed to a connection as they are drawn: a page needs no other question to go on."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway import drawn_minute_feed
from gateway.streaming.minutes import MINUTE
from tests import builders
from tests.integration.gateway.started import Filled, Started


@pytest.fixture
def folded(tmp_path: Path) -> Iterator[Filled]:
    with Filled(tmp_path) as filled:
        filled.append(builders.tick(builders.at(1)), builders.frame(builders.at(10)), builders.tick(builders.at(64)))
        yield filled.fold()


def minute(second: float) -> int:
    return int(builders.at(second).timestamp() // 60)


def frames(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line == f"event: {MINUTE}":
            yield json.loads(next(lines).removeprefix("data: "))


def timeline(client: httpx.Client) -> dict[str, Any]:
    return dict(client.get(f"/api/v1/timeline/{builders.SITE}").json())


def test_each_minute_is_pushed_as_it_is_drawn_and_joins_the_timeline_without_a_gap(folded: Filled) -> None:
    with (
        Started(folded.hub) as started,
        started.client() as client,
        client.stream("GET", f"/api/v1/live?types=alert,minute&site={builders.SITE}") as answer,
    ):
        pushed = frames(answer.iter_lines())
        first = next(pushed)
        known = timeline(client)
        folded.append(builders.frame(builders.at(70)), builders.tick(builders.at(130))).fold()
        second = next(pushed)
        folded.append(builders.frame(builders.at(15), blackscreen=True), builders.tick(builders.at(140))).fold()
        third = next(pushed)

    assert (first["minute"], first["number"], first["before"]) == (minute(0), known["drawn"], None)
    assert (second["minute"], second["before"], second["revision"]) == (minute(60), known["drawn"], 0)
    assert (third["minute"], third["before"], third["revision"]) == (minute(0), second["number"], 1)
    assert (third["state"], third["types"]) == ("incident", ["blackscreen"])


def test_a_client_that_does_not_ask_for_minutes_gets_events_alone(folded: Filled) -> None:
    with (
        Started(folded.hub) as started,
        started.client() as client,
        client.stream("GET", "/api/v1/live") as events,
        client.stream("GET", "/api/v1/live?types=minute") as asking,
    ):
        next(frames(asking.iter_lines()))
        folded.append(builders.alert()).fold()
        named = [line for line in _until(events.iter_lines(), "event: alert") if line.startswith("event: ")]

    assert named == ["event: head", "event: alert"]


def _until(lines: Iterator[str], last: str) -> Iterator[str]:
    for line in lines:
        yield line
        if line == last:
            return


def test_where_more_was_drawn_than_is_pushed_the_chain_begins_anew(
    folded: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn_minute_feed, "DRAWINGS_PER_POLL", 5)
    with (
        Started(folded.hub) as started,
        started.client() as client,
        client.stream("GET", "/api/v1/live?types=minute") as answer,
    ):
        pushed = frames(answer.iter_lines())
        next(pushed)
        folded.append(builders.tick(builders.at(0) + timedelta(minutes=30))).fold()
        anew = next(pushed)
        newest = timeline(client)

    assert (anew["minute"], anew["number"], anew["before"]) == (newest["newest"], newest["drawn"], None)
