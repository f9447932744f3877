"""Who ends an agent finishes what a capture thread has open that waits for its camera."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from edge.agent.health import SourceHealth
from edge.capture.loop import CaptureLoop, Pipeline
from edge.capture.sources.source import Reading
from edge.capture.takeover import TakenOver, Takeover

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
BOUND_S = 30.0


class Waiting:
    """A source whose camera says nothing until it is let go."""

    def __init__(self, done: list[str]) -> None:
        self._done = done
        self.takeover = Takeover(lambda: done.append("finished"))
        self.waits, self.goes_on = threading.Event(), threading.Event()

    def open(self) -> None:
        self._done.append("opened")

    def read(self) -> Reading | None:
        with self.takeover.waiting():
            self.waits.set()
            assert self.goes_on.wait(BOUND_S)
        self._done.append("read on")
        return None

    def close(self) -> None:
        self._done.append("closed")


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def source(done: list[str]) -> Iterator[Waiting]:
    waiting = Waiting(done)
    yield waiting
    waiting.goes_on.set()


def test_what_is_open_is_finished_while_its_thread_waits(done: list[str], source: Waiting) -> None:
    ended = threading.Event()
    health = SourceHealth("visual", lambda: NOON)
    capture = CaptureLoop(
        "GATE",
        lambda: Pipeline(source, lambda _: done.append("taken"), source.takeover),
        health,
        ended.is_set,
        ended.wait,
    )
    thread = threading.Thread(target=capture.run)
    thread.start()
    assert source.waits.wait(BOUND_S)
    ended.set()
    capture.finish(BOUND_S)

    assert done == ["opened", "finished", "taken"]
    source.goes_on.set()
    thread.join(BOUND_S)
    assert "read on" not in done
    assert health.facts.status(0.0) == "stopped"


def test_a_thread_that_works_is_not_disturbed() -> None:
    takeover, done = Takeover(), list[str]()
    with takeover.working():
        assert not takeover.take(0.01, lambda: done.append("taken"))
        with takeover.waiting():
            pass

    assert done == []


def test_nobody_works_on_what_was_taken_over() -> None:
    takeover = Takeover()
    assert takeover.take(0.01, lambda: None)

    with pytest.raises(TakenOver), takeover.working():
        pass


def test_what_was_there_at_once_may_have_more_behind_it() -> None:
    takeover = Takeover()
    with takeover.working():
        with takeover.waiting():
            pass
        assert takeover.has_more
        with takeover.waiting():
            threading.Event().wait(0.02)
        assert not takeover.has_more


def test_nobody_takes_over_while_more_has_come_and_nothing_is_finished_twice() -> None:
    done = list[str]()
    takeover = Takeover(lambda: done.append("finished"))
    with takeover.working(), takeover.waiting(has_come=True):
        assert not takeover.take(0.01, lambda: done.append("taken"))
        assert takeover.has_more
    for _ in range(2):
        assert takeover.take(0.01, lambda: done.append("taken"))

    assert done == ["finished", "taken"]


def test_a_source_is_told_that_the_agent_stops(source: Waiting) -> None:
    asked: list[bool] = []

    def stopped() -> bool:
        asked.append(source.takeover.is_ending)
        return len(asked) > 2

    source.goes_on.set()
    CaptureLoop(
        "GATE",
        lambda: Pipeline(source, lambda _: None, source.takeover),
        SourceHealth("visual", lambda: NOON),
        stopped,
        lambda _: None,
    ).run()

    assert not any(asked[:3])
    assert source.takeover.is_ending


def test_a_source_that_waits_is_read_once_more_when_the_agent_stops(
    done: list[str], source: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came while this process did not run is read by a thread that begins to run only now."""
    monkeypatch.setattr("edge.capture.takeover.AT_ONCE_S", 0.0)
    source.goes_on.set()
    CaptureLoop(
        "GATE",
        lambda: Pipeline(source, lambda _: None, source.takeover),
        SourceHealth("visual", lambda: NOON),
        lambda: "read on" in done,
        lambda _: None,
    ).run()

    assert done.count("read on") == 2
