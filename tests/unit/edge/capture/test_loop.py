"""The loop of a capture thread."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from structlog.testing import capture_logs

from edge.agent.health import SourceHealth
from edge.capture.loop import CaptureLoop, Pipeline
from edge.capture.sources.address import Redactor
from edge.capture.sources.source import Reading, SourceEnded, SourceUnreachable, ThermalFrame
from tests.capture_errors import ERRORS

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Scripted:
    """A source that does what it is told: an exception is raised, None is handed out."""

    def __init__(self, *script: BaseException | None) -> None:
        self._script = iter(script)
        self.opened = self.closed = 0

    def open(self) -> None:
        self.opened += 1

    def read(self) -> Reading | None:
        step = next(self._script)
        if step is not None:
            raise step
        return None

    def close(self) -> None:
        self.closed += 1


class Failing:
    """Raises an error at one of its steps for so many times, and gives frames otherwise."""

    def __init__(self, step: str, error: BaseException, times: int = 3) -> None:
        self.step = step
        self.error = error
        self.left = times
        self.made = 0

    def make(self, taken: list[Reading | None]) -> Pipeline:
        self.made += 1
        self._try("make")

        def take(reading: Reading | None) -> None:
            if reading is not None:
                self._try("take")
            taken.append(reading)

        return Pipeline(self, take)

    def open(self) -> None:
        self._try("open")

    def read(self) -> ThermalFrame:
        self._try("read")
        if self.step == "close":
            # What fails at its end must have an end.
            raise SourceUnreachable("cable") if self.left else SourceEnded
        return ThermalFrame(NOON, 1, np.zeros((24, 32), np.float32))

    def close(self) -> None:
        self._try("close")

    def _try(self, step: str) -> None:
        if step == self.step and self.left:
            self.left -= 1
            raise self.error


def run(source: Scripted, health: SourceHealth) -> tuple[list[Reading | None], list[float]]:
    taken: list[Reading | None] = []
    waited: list[float] = []
    CaptureLoop("GATE", lambda: Pipeline(source, taken.append), health, lambda: False, waited.append).run()
    return taken, waited


def test_a_source_that_is_lost_is_opened_again_after_a_while() -> None:
    source = Scripted(None, SourceUnreachable("cable"), None, SourceUnreachable("cable"), SourceEnded())
    health = SourceHealth("visual", lambda: NOON)
    _, waited = run(source, health)

    assert (source.opened, source.closed) == (3, 3)
    assert waited == pytest.approx([1, 1], abs=0.2)
    assert health.facts.reconnects == 2


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("rtsp://ada:s3cret@camera/live", "no data for 10 s"),
        ("/srv/yard.mp4", "/srv/yard.mp4: no data for 10 s"),
        (None, "no data for 10 s"),
    ],
)
def test_people_read_why_a_source_fails_without_the_address_of_a_camera_and_the_log_has_it(
    address: str | None, said: str
) -> None:
    health, reasons = SourceHealth("visual", lambda: NOON), list[str | None]()
    source = Scripted(SourceUnreachable("no data for 10 s", address), SourceEnded())
    loop = CaptureLoop(
        "GATE", lambda: Pipeline(source, lambda _: None), health, lambda: False,
        lambda _: reasons.append(health.facts.reason),
    )  # fmt: skip
    with capture_logs() as logs:
        loop.run()

    assert reasons == [said]
    [logged] = [one["reason"] for one in logs if one["event"] == "source unreachable"]
    assert logged == (f"{address.replace('ada:s3cret@', '')}: no data for 10 s" if address else said)


class Endless(Scripted):
    """Gives nothing, and asks for something after some readings."""

    def __init__(self, *steps: Callable[[], None]) -> None:
        super().__init__()
        self._steps = iter(steps)

    def read(self) -> Reading | None:
        next(self._steps)()
        return None


@pytest.mark.parametrize(("rebuild", "made"), [(False, 1), (True, 2)])
def test_a_source_that_is_asked_for_is_opened_again_at_once_and_that_is_no_failure(rebuild: bool, made: int) -> None:
    health, waited, pipelines = SourceHealth("visual", lambda: NOON), list[float](), list[Pipeline]()

    def over() -> None:
        raise SourceEnded

    source = Endless(lambda: loop.reopen(rebuild=rebuild), over)

    def make() -> Pipeline:
        pipelines.append(Pipeline(source, lambda _: None))
        return pipelines[-1]

    loop = CaptureLoop("GATE", make, health, lambda: False, waited.append)
    loop.run()

    assert (source.opened, source.closed, len(pipelines)) == (2, 2, made)
    assert (health.facts.reconnects, health.facts.failures, waited) == (1, 0, [])


def test_who_asks_for_less_does_not_take_back_that_a_source_is_to_be_built_anew() -> None:
    pipelines: list[Pipeline] = []

    def ask_twice() -> None:
        loop.reopen(rebuild=True)
        loop.reopen()

    def over() -> None:
        raise SourceEnded

    source = Endless(ask_twice, over)

    def make() -> Pipeline:
        pipelines.append(Pipeline(source, lambda _: None))
        return pipelines[-1]

    loop = CaptureLoop("GATE", make, SourceHealth("visual", lambda: NOON), lambda: False, lambda _: None)
    loop.run()

    assert len(pipelines) == 2


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_recording_that_cannot_be_finished_ends_nothing_else(error: BaseException) -> None:
    reading = threading.Event()

    class Silent(Scripted):
        def read(self) -> Reading | None:
            with pipeline.takeover.waiting():
                reading.set()
                stopping.wait()
            return None

    def take(_: Reading | None) -> None:
        raise error

    stopping = threading.Event()
    pipeline = Pipeline(Silent(), take)
    loop = CaptureLoop("yard", lambda: pipeline, SourceHealth("visual", lambda: NOON), stopping.is_set, stopping.wait)
    thread = threading.Thread(target=loop.run)
    thread.start()
    reading.wait(10)
    is_finished = loop.finish(5)
    stopping.set()
    thread.join(10)

    assert is_finished
    assert not thread.is_alive()


def test_a_recording_that_is_over_stops_the_device() -> None:
    health = SourceHealth("visual", lambda: NOON)
    taken, _ = run(Scripted(None, SourceEnded()), health)

    assert taken == [None, None]
    assert health.facts.status(0.0) == "stopped"
    assert health.facts.reason == "the recording is over"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("step", ["make", "open", "read", "take", "close"])
def test_no_error_at_any_step_ends_a_capture_thread(step: str, error: BaseException) -> None:
    failing, taken, health = Failing(step, error), list[Reading | None](), SourceHealth("thermal", lambda: NOON)
    enough: Callable[[], bool] = lambda: sum(reading is not None for reading in taken) >= 20  # noqa: E731 - short, and typed
    reasons: list[str | None] = []
    CaptureLoop(
        "GATE", lambda: failing.make(taken), health, enough, lambda _: reasons.append(health.facts.why(0.0))
    ).run()

    assert failing.left == 0
    assert len(reasons) >= (1 if step == "close" else 3)
    assert all(reasons)
    assert health.facts.status(0.0) == "stopped"


def test_what_nobody_has_foreseen_is_built_anew_and_what_is_unreachable_is_opened_again() -> None:
    made: list[Scripted] = []

    def make() -> Pipeline:
        made.append(Scripted(SourceUnreachable("cable"), ZeroDivisionError(), SourceEnded()))
        return Pipeline(made[-1], lambda _: None)

    left = [6]

    def stopped() -> bool:
        left[0] -= 1
        return left[0] < 0

    CaptureLoop("GATE", make, SourceHealth("visual", lambda: NOON), stopped, lambda _: None).run()

    assert [source.opened for source in made][:1] == [2]
    assert len(made) == 2


def test_the_trace_of_an_error_is_logged_once_and_the_same_reason_is_no_flood() -> None:
    source = Scripted(*[ZeroDivisionError("division by zero")] * 20, SourceEnded())
    with capture_logs() as logs:
        run(source, SourceHealth("visual", lambda: NOON))
    lines = [line for line in logs if line["log_level"] in ("error", "warning")]

    assert len(lines) == 1
    assert "Traceback" in lines[0]["exception"]


def test_neither_a_trace_nor_a_reason_has_the_password() -> None:
    address = "rtsp://admin:tr0ub4dor%26@camera/live"
    source = Scripted(OSError(f"cannot open '{address}': tr0ub4dor& is wrong"), SourceEnded())
    health = SourceHealth("visual", lambda: NOON)
    reasons: list[str | None] = []
    with capture_logs() as logs:
        CaptureLoop(
            "GATE",
            lambda: Pipeline(source, lambda _: None),
            health,
            lambda: False,
            lambda _: reasons.append(health.facts.reason),
            Redactor([address]).redact,
        ).run()

    assert "camera/live" in str(reasons)
    assert all(part not in f"{logs}{reasons}" for part in ("tr0u", "b4do", "dor&", "dor%"))


def test_a_source_that_is_open_and_gives_nothing_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("edge.capture.loop.time.monotonic", lambda: now[0])

    class Mute(Scripted):
        def read(self) -> None:
            now[0] += 1.0

    source, health, ended = Mute(), SourceHealth("visual", lambda: NOON), threading.Event()
    CaptureLoop("GATE", lambda: Pipeline(source, lambda _: None), health, ended.is_set, lambda _: ended.set()).run()

    assert now[0] == 25.0
    assert source.opened == 1
