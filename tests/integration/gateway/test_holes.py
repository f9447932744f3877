"""The route of holes: every hole of a recording has its cause, as far as the log knows it."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from bus_schemas.event import Event
from tests import builders
from tests.builders import at, gap, health, heartbeat, recorder, retention, segment, state, tick
from tests.integration.gateway.started import Filled, Started

HOLES = "/api/v1/sites/DEMO/devices/yard/holes"
ASKED = {"from": "2026-01-05T09:50:00Z", "to": "2026-01-05T10:10:00Z"}


def recorded(*starts: float) -> list[Event]:
    return [segment(at(start)) for start in starts]


def camera_off() -> list[Event]:
    refused = [
        health(at(second), status="degraded", reason="Connection refused", consecutive_failures=5)
        for second in range(22, 122, 10)
    ]
    ticks = [tick(at(second)) for second in range(0, 600, 10)]
    reported = [*refused, health(at(0)), health(at(125)), *recorded(0, 10, *range(130, 600, 10))]
    return sorted([*ticks, *reported], key=lambda event: event.time)


def agent_down() -> list[Event]:
    gone = state(at(20), online=False, reason="connection lost", cause="connection_lost")
    return [state(at(0)), *recorded(0, 10), gone, *(tick(at(second)) for second in range(20, 600, 5))]


def events_lost() -> list[Event]:
    return builders.numbered([*recorded(0), gap(at(300), first=2, last=2)]) + recorded(*range(100, 600, 10))


def not_scheduled() -> list[Event]:
    paused, again = recorder(at(20)), recorder(at(125), recording=True, reason=None)
    return sorted([state(at(0)), paused, again, *recorded(0, 10, *range(130, 600, 10))], key=lambda event: event.time)


def on_its_way() -> list[Event]:
    """The camera was away for a while before, and its video comes ten minutes late."""
    well = [health(at(second), last_successful_connection=at(125)) for second in range(130, 600, 10)]
    away = [
        health(at(second), status="degraded", is_recording=False, last_frame_time=at(20), consecutive_failures=5)
        for second in range(30, 125, 10)
    ]
    before = [health(at(second), last_successful_connection=at(-60)) for second in (0, 10, 20)]
    ticks = [tick(at(second)) for second in range(0, 600, 10)]
    return sorted([state(at(0)), *recorded(-60), *before, *away, *well, *ticks], key=lambda event: event.time)


def agent_killed() -> list[Event]:
    """It is there again before anybody misses it; the file that it had begun is lost."""
    beats = [heartbeat(at(second), device="yard", node="pi-1", uptime_s=900.0 + second) for second in (0, 10, 20)]
    again = [heartbeat(at(second), device="yard", node="pi-1", uptime_s=second - 26.0) for second in range(31, 600, 10)]
    ticks = [tick(at(second)) for second in range(0, 600, 10)]
    found = [*beats, *again, *ticks, state(at(0)), state(at(30)), *recorded(0, *range(35, 600, 10))]
    return sorted(found, key=lambda event: event.time)


def deleted() -> list[Event]:
    reported = [*recorded(*range(0, 600, 10))]
    gone = retention(at(590), kind="segment", rule="segment: kept for 24 h", device="yard", start=at(0), end=at(300))
    return [*reported, gone]


def deleted_of_a_slow_machine() -> list[Event]:
    """A degraded camera is recorded: what is gone of it was deleted."""
    slow = [health(at(second), status="degraded", reason="this machine is too slow") for second in range(50, 250, 10)]
    frames = [builders.frame(at(second)) for second in range(0, 600, 10)]
    ticks = [tick(at(second)) for second in range(0, 600, 10)]
    return sorted([*deleted(), *slow, *frames, *ticks, health(at(0)), health(at(250))], key=lambda event: event.time)


CASES: dict[str, tuple[Callable[[], list[Event]], tuple[str, str, bool, str], dict[str, object]]] = {
    "camera off": (camera_off, ("camera_off", "10:00:20", False, "10:02:10"), {"reason": "Connection refused"}),
    "agent down": (agent_down, ("agent_down", "10:00:20", True, "10:10:00"), {"reason": "connection lost"}),
    "agent killed": (
        agent_killed,
        ("agent_down", "10:00:10", False, "10:00:35"),
        {"reason": "it was started again", "node": "pi-1"},
    ),
    "not scheduled": (not_scheduled, ("not_scheduled", "10:00:20", False, "10:02:10"), {"reason": "schedule"}),
    "events lost": (events_lost, ("events_lost", "10:00:10", False, "10:01:40"), {"reason": "outbox_full"}),
    "deleted": (deleted, ("dropped", "10:00:00", False, "10:05:00"), {"rule": "segment: kept for 24 h"}),
    "deleted of a slow machine": (
        deleted_of_a_slow_machine,
        ("dropped", "10:00:00", False, "10:05:00"),
        {"rule": "segment: kept for 24 h"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_hole_is_explained_by_what_the_log_knows(tmp_path: Path, case: str) -> None:
    happened, (cause, start, is_open, end), facts = CASES[case]
    with Filled(tmp_path) as filled:
        filled.append(*happened()).fold()
        with Started(filled.hub) as started, started.client() as client:
            answer = client.get(HOLES, params=ASKED).json()

    before, *after = answer["holes"]
    assert (before["cause"] in ("not_begun", "camera_off"), before["start"]) == (True, "2026-01-05T09:50:00.000Z")
    # Before anything came the device was missed since it was added; that is a hole of its own.
    matching = [one for one in after if one["cause"] == cause and one["start"] >= "2026-01-05T10:00"] or [before]
    assert len(matching) == 1, answer["holes"]
    [hole] = matching
    assert (hole["start"][11:19], hole["end"][11:19], hole["open"]) == (start, end, is_open)
    assert facts.items() <= hole["data"].items()
    assert answer["left_out"] == 0


def test_a_hole_during_which_the_agent_ran_is_not_for_its_start(tmp_path: Path) -> None:
    beats = [heartbeat(at(second), device="yard", uptime_s=5.0 + second) for second in range(0, 600, 10)]
    ticks = [tick(at(second)) for second in range(0, 600, 10)]
    happened = sorted([*beats, *ticks, state(at(0)), *recorded(0, *range(100, 600, 10))], key=lambda event: event.time)
    with Filled(tmp_path) as filled:
        filled.append(*happened).fold()
        with Started(filled.hub) as started, started.client() as client:
            answer = client.get(HOLES, params={**ASKED, "from": "2026-01-05T10:00:00Z"}).json()

    assert [(hole["cause"], hole["start"][11:19]) for hole in answer["holes"]] == [("unknown", "10:00:10")]


def test_short_holes_are_left_out_and_counted(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.append(*recorded(*range(0, 200, 20), *range(260, 600, 10))).fold()
        with Started(filled.hub) as started, started.client() as client:
            answer = client.get(HOLES, params={"from": "2026-01-05T10:00:00Z", "shortest": 30}).json()

    assert [(hole["start"][11:19], hole["duration_s"]) for hole in answer["holes"]] == [("10:03:10", 70.0)]
    assert answer["left_out"] == 9


def test_a_segment_is_found_with_and_without_its_extension(client: httpx.Client) -> None:
    playlist = client.get("/hls/DEMO/yard/range.m3u8", params={"from": "2026-01-05T10:00:00Z"}).text
    address = next(line for line in playlist.splitlines() if line.startswith("/media/"))

    assert address.endswith(".ts")
    assert client.get(address).content == client.get(address.removesuffix(".ts")).content
    assert client.get(address.replace(".ts", ".ts.ts")).status_code == 404


def test_video_that_a_device_has_recorded_and_not_sent_yet_is_said_to_be_on_its_way(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.append(*on_its_way()).fold()
        with Started(filled.hub) as started, started.client() as client:
            asked = {"from": "2026-01-05T09:59:00Z", "to": "2026-01-05T10:09:50Z"}
            answer = client.get(HOLES, params=asked).json()

    listed = [(one["cause"], one["start"][11:19], one["end"][11:19], one["open"]) for one in answer["holes"]]
    assert [one[0] for one in listed] == ["on_its_way", "camera_off", "on_its_way"], listed
    assert (listed[0][1], listed[-1][2], listed[-1][3]) == ("09:59:10", "10:09:50", True)


def test_a_hole_behind_which_video_has_come_is_not_on_its_way(tmp_path: Path) -> None:
    well = [health(at(second), last_successful_connection=at(0)) for second in range(0, 600, 10)]
    with Filled(tmp_path) as filled:
        filled.append(*sorted([*recorded(0, 10, *range(200, 600, 10)), *well], key=lambda event: event.time)).fold()
        with Started(filled.hub) as started, started.client() as client:
            answer = client.get(HOLES, params={"from": "2026-01-05T10:00:00Z", "to": "2026-01-05T10:10:00Z"}).json()

    assert [one["cause"] for one in answer["holes"]] == ["unknown"]
