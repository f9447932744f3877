"""Devices are asked to send what is watched, once for all who watch it, and no longer than anybody does."""

import asyncio
import json
from collections.abc import Callable

import pytest

from bus_schemas.protocol import CommandRequest
from gateway.streaming.leases import WatchLeases

YARD, GATE = "/sites/DEMO/devices/yard", "/sites/DEMO/devices/gate"


class BusDouble:
    """A connection to the broker that notes what is published."""

    def __init__(self) -> None:
        self.published: list[tuple[str, str]] = []
        self.begin_anew: list[bool] = []
        self.has_all = asyncio.Event()

    def listen(self, topic: str, handler: Callable[[bytes], None]) -> None:
        """Nobody speaks here."""

    def forget(self, topic: str, handler: Callable[[bytes], None]) -> None:
        """Nobody speaks here."""

    async def settled(self, within: float) -> None:
        return None

    async def publish(self, topic: str, payload: bytes) -> None:
        CommandRequest.model_validate_json(payload)
        self.begin_anew.append(json.loads(payload)["arguments"].get("from_keyframe", False))
        self.published.append((topic.split("/")[3], json.loads(payload)["arguments"]["kind"]))
        if len(self.published) == 3:
            self.has_all.set()


def test_each_device_is_asked_once_for_each_kind_that_is_watched() -> None:
    async def body() -> tuple[list[tuple[str, str]], int]:
        bus = BusDouble()
        leases = WatchLeases(bus)
        before = len(asyncio.all_tasks())
        with leases.held(YARD, "motion"), leases.held(YARD, "motion"), leases.held(YARD, "video"):
            with leases.held(GATE, "motion"):
                await bus.has_all.wait()
            with leases.held(YARD, "motion"):
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        return bus.published, len(asyncio.all_tasks()) - before

    published, still_running = asyncio.run(asyncio.wait_for(body(), 5))

    assert sorted(published) == [("gate", "motion"), ("yard", "motion"), ("yard", "video")]
    assert still_running == 0


def test_the_first_lease_of_live_video_asks_for_the_last_keyframe_and_those_after_it_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The device may still send for somebody who has just left, and its next keyframe be a minute away."""
    monkeypatch.setattr("gateway.streaming.leases.RENEW_S", 0.001)

    async def body() -> tuple[list[bool], list[bool]]:
        video, motion = BusDouble(), BusDouble()
        with WatchLeases(video).held(YARD, "video"), WatchLeases(motion).held(YARD, "motion"):
            await video.has_all.wait()
            await motion.has_all.wait()
        return video.begin_anew[:3], motion.begin_anew[:3]

    assert asyncio.run(asyncio.wait_for(body(), 5)) == ([True, False, False], [False, False, False])
