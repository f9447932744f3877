"""Which streams are announced in rounds: one that begins streams all the time lengthens none."""

import json
from dataclasses import replace
from functools import partial

import pytest

from bus_schemas.event import device_source
from consumers.ingest.announcer import EVERY_S, FAR, MAX_OTHERS, STREAMS_PER_TURN, TURN_S, Announcer
from consumers.store.journal.writing import StreamKey, StreamState

FLOODED = device_source("YARD", "flooded")
HONEST = [device_source("YARD", f"honest-{number}") for number in range(10)]
NOW = 1_767_610_800_000_000


def streams(of_one: int) -> dict[StreamKey, StreamState]:
    many = {(FLOODED, f"epoch-{number}"): StreamState(number, 1, NOW + number, 0) for number in range(of_one)}
    honest = {(source, "one"): StreamState(of_one + n, 5, NOW - 3600, 0) for n, source in enumerate(HONEST)}
    return many | honest


def a_round(announcer: Announcer, now: float) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []

    def publish(_topic: str, body: bytes, _epoch: str) -> None:
        reported = json.loads(body)
        said.append((reported["source"], reported["epoch"]))

    announcer.round(now, publish)
    while (wait_s := announcer.wait_s(now)) != float("inf"):
        now += wait_s
        announcer.round(now, publish)
    return said


def test_a_round_of_hundreds_holds_up_nobody() -> None:
    announcer, said = Announcer(streams(of_one=1000)), list[str]()
    for now in (1.0, 1.0 + TURN_S / 2):
        announcer.round(now, lambda topic, *_: said.append(topic))

    assert len(said) == STREAMS_PER_TURN
    assert announcer.wait_s(1.0 + TURN_S / 2) == pytest.approx(TURN_S / 2)


def test_a_round_has_the_newest_stream_of_each_source_and_few_others() -> None:
    said = a_round(Announcer(streams(of_one=100_000)), 1.0)

    assert len(said) == MAX_OTHERS + 1 + len(HONEST)
    assert {(source, "one") for source in HONEST} <= set(said)
    assert said[-1] == (FLOODED, "epoch-99999"), "what is announced last is what the broker retains"


def test_round_after_round_each_recent_stream_has_its_turn() -> None:
    announcer = Announcer(streams(of_one=5 * MAX_OTHERS))

    said = [one for turn in range(5) for one in a_round(announcer, 1.0 + turn * EVERY_S)]

    assert {epoch for source, epoch in said if source == FLOODED} == {f"epoch-{n}" for n in range(5 * MAX_OTHERS)}


def test_a_busy_stream_is_announced_five_times_a_second_and_a_quiet_one_at_once() -> None:
    of_media = (FLOODED, "one.pictures")
    busy, quiet = (FLOODED, "one"), (HONEST[0], "one")
    states = {key: StreamState(number, 0, NOW, 0) for number, key in enumerate((busy, quiet, of_media))}
    announcer, said = Announcer(states), list[tuple[float, StreamKey, int]]()

    def advance(key: StreamKey, by: int, now: float) -> None:
        states[key] = replace(states[key], watermark=states[key].watermark + by)
        announcer.advanced([key], now, partial(note, now))

    def note(now: float, _topic: str, body: bytes, _epoch: str) -> None:
        watermark = json.loads(body)
        said.append((now, (watermark["source"], watermark["epoch"]), watermark["sequence"]))

    advance(quiet, 1, 10.0)
    for step in range(10):
        advance(busy, 1, 10.0 + step / 20)
        announcer.round(10.0 + step / 20, partial(note, 10.0 + step / 20))
    assert [(at, one) for at, key, one in said if key == busy] == [(10.0, 1), (10.25, 6)]
    assert [one for _, key, one in said if key == quiet] == [1]
    assert announcer.wait_s(10.45) == pytest.approx(0.05)

    said.clear()
    advance(busy, FAR, 10.51)
    advance(of_media, 1, 10.5)
    advance(of_media, 1, 10.51)
    assert [key for _, key, _ in said] == [busy, of_media, of_media]
    assert announcer.wait_s(10.51) == float("inf")
