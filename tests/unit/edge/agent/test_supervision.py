"""The watchdog is reset while a capture loop makes steps, and what hangs is restarted once."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.node import Command
from edge.agent import supervision
from edge.agent.context import AgentContext
from edge.agent.device import DeviceRunner
from edge.agent.event_emitter import EventEmitter
from edge.agent.health import Facts, SourceHealth
from edge.agent.outbox_place import MemoryFolder
from edge.agent.recovery import AgentRestarts
from edge.agent.settings import DeviceSettings
from edge.agent.source_settings import SceneSourceSettings
from edge.agent.supervision import Supervision
from edge.agent.watchdog import Watchdog
from edge.capture.loop import CaptureLoop, Pipeline
from edge.capture.sources.source import SourceEnded, SourceUnreachable
from producer.clock import DisciplinedClock
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Draft
from tests.eventually import eventually
from tests.node_parts import NOON

SCENE = SceneSourceSettings(kind="scene", scene="thermal")
WELL = Facts("thermal", running=True, last_attempt=NOON, came_s=float("inf"))


class Counted:
    """A timer that counts how often it was reset."""

    def __init__(self) -> None:
        self.resets = 0

    def reset(self) -> None:
        self.resets += 1

    def end(self) -> None: ...


class Site:
    """Two devices whose sources do as a test says."""

    def __init__(self, folder: Path, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
        named = [DeviceSettings(site="YARD", device=name, thermal=SCENE) for name in ("GATE", "LANE")]
        emitter = EventEmitter(outbox, DisciplinedClock(utc_now), [one.source for one in named])
        context = AgentContext(utc_now, threading.Event().wait, {}, NOON)
        self.timer, self.hanging, self.facts = Counted(), dict[str, list[str]](), dict[str, Facts]()
        self.rebuilt, self.said = list[tuple[str, tuple[str, ...]]](), list[Command]()
        self.now = 1000.0
        monkeypatch.setattr(supervision, "monotonic", lambda: self.now)
        monkeypatch.setattr(supervision, "since_boot", lambda: self.now)
        monkeypatch.setattr(emitter, "put", self._put)
        self.devices = {(one.site, one.device): self._runner(one, emitter, context, monkeypatch) for one in named}
        watchdog = Watchdog([self.timer])
        self.begin: Callable[[], Supervision] = lambda: Supervision(
            self.devices,
            emitter,
            context,
            watchdog,
            AgentRestarts(folder / "yard.restart", MemoryFolder(folder / "o.sqlite")),
        )
        self.supervision = self.begin()

    def _put(self, drafts: Sequence[Draft], **_: Any) -> None:
        self.said += [draft.event.data for draft in drafts]  # type: ignore[attr-defined]  # every model has it

    def _runner(
        self, settings: DeviceSettings, emitter: EventEmitter, context: AgentContext, monkeypatch: pytest.MonkeyPatch
    ) -> DeviceRunner:
        name, factory = settings.device, emitter.event_factories[settings.source]
        runner = DeviceRunner(settings, settings.adjustable(), factory, context, emitter.put, lambda *_, **__: None)
        monkeypatch.setattr(runner, "hanging", lambda _: self.hanging.get(name, []))
        monkeypatch.setattr(DeviceRunner, "facts", property(lambda it: [self.facts.get(it.settings.device, WELL)]))
        monkeypatch.setattr(runner, "reopen", lambda *, rebuild, kinds: self.rebuilt.append((name, kinds)))
        return runner

    def poll(self, seconds: float) -> int:
        """Returns how often the watchdog was reset."""
        before = self.timer.resets
        until = self.now + seconds
        while self.now < until:
            self.now += 1.0
            self.supervision.poll()
        return self.timer.resets - before


@contextmanager
def site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with Outbox(folder / "o.sqlite", utc_now) as outbox:
        yield Site(folder, outbox, monkeypatch)


def test_the_watchdog_is_reset_while_any_device_works_and_not_when_all_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site(tmp_path, monkeypatch) as at:
        assert at.poll(10) == 10
        at.hanging["GATE"] = ["GATE-thermal"]
        assert at.poll(10) == 10
        at.hanging["LANE"] = ["LANE-thermal"]
        assert at.poll(10) == 0


def test_a_device_that_hangs_restarts_the_agent_once_and_not_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site(tmp_path, monkeypatch) as at:
        at.hanging["GATE"] = ["GATE-thermal"]
        at.poll(5)
        assert at.supervision.restart_needed
        at.supervision = at.begin()
        at.poll(60)

        assert not at.supervision.restart_needed
        assert [(one.name, one.by, one.state) for one in at.said] == [("restart_agent", "recovery", "done")]


def test_after_a_time_in_which_the_whole_process_stood_still_no_thread_counts_as_hanging_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site(tmp_path, monkeypatch) as at:
        at.poll(5)
        at.now += 240
        at.hanging["GATE"] = at.hanging["LANE"] = ["a thread"]
        assert at.poll(50) == 50
        assert not at.supervision.restart_needed
        assert at.poll(20) < 20
        assert at.supervision.restart_needed


def test_a_device_that_fails_is_rebuilt_and_its_neighbour_is_left_in_peace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site(tmp_path, monkeypatch) as at:
        at.facts["LANE"] = Facts("thermal", running=True, last_attempt=NOON, failures=3, reason="no sensor")
        at.poll(60)

        assert at.rebuilt == [("LANE", ("thermal",))]
        assert [(one.name, one.detail) for one in at.said] == [("restart", "thermal: no sensor")]
        assert at.supervision.restarts_of(at.devices["YARD", "LANE"]) == 1
        assert at.supervision.restarts_of(at.devices["YARD", "GATE"]) == 0


def test_a_loop_hangs_while_a_driver_does_not_return_and_not_while_it_waits_for_its_next_attempt() -> None:
    entered, may_return = threading.Event(), threading.Event()
    outcome: list[float] = []

    class Driver:
        def open(self) -> None:
            if entered.is_set():
                raise SourceEnded

        def read(self) -> None:
            entered.set()
            may_return.wait(20)
            raise SourceUnreachable("cable")

        def close(self) -> None: ...

    def pause(_: float) -> None:
        outcome.append(loop.hangs_s(float("inf")))

    health = SourceHealth("visual", utc_now)
    loop = CaptureLoop("GATE", lambda: Pipeline(Driver(), lambda _: None), health, lambda: False, pause)
    thread = threading.Thread(target=loop.run)
    thread.start()
    assert eventually(entered.is_set)
    assert loop.hangs_s(float("inf")) > 0
    may_return.set()
    thread.join(20)

    assert outcome == [0.0]
    assert loop.hangs_s(float("inf")) == 0.0
