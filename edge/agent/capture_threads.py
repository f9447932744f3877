"""The capture threads of one device: they are started, asked to open their sources again, and ended together."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Final

from edge.agent.health import Kind, SourceHealth
from edge.agent.recovery import HANGS_AFTER_S
from edge.capture.loop import CaptureLoop, Pipeline
from edge.capture.sources.source import Pause

PAUSE_SLICE_S: Final = 0.25


class CaptureThread(threading.Thread):
    """A daemon thread, because a camera that does not answer must not delay the end of the process."""

    def __init__(self, name: str, kind: Kind, capture: CaptureLoop) -> None:
        super().__init__(name=name, daemon=True)
        self.kind = kind
        self.capture = capture

    def run(self) -> None:
        self.capture.run()


class CaptureThreads:
    """Used by the main thread of the agent."""

    def __init__(self, device: str, redact: Callable[[str], str]) -> None:
        self._device = device
        self._redact = redact
        self._threads: list[CaptureThread] = []
        self._reopened = 0
        """How often it was asked for: then nobody waits for the next attempt any longer."""

    def start(
        self,
        makers: Mapping[Kind, Callable[[str], Pipeline]],
        healths: Mapping[Kind, SourceHealth],
        stopping: threading.Event,
    ) -> None:
        """One for each source that has a health; they stop when `stopping` is set."""
        for kind, source_health in healths.items():
            name = f"{self._device}-{kind}"
            make = partial(makers[kind], name)
            capture = CaptureLoop(name, make, source_health, stopping.is_set, self._pause(stopping), self._redact)
            self._threads.append(CaptureThread(name, kind, capture))
        for thread in self._threads:
            thread.start()

    def reopen(self, *, rebuild: bool, kinds: Collection[Kind] | None = None) -> None:
        """Close the sources (of these kinds, or all) and open them again now; one whose recording is over begins
        again.
        """
        self._reopened += 1
        for number, thread in enumerate(self._threads):
            if kinds is not None and thread.kind not in kinds:
                continue
            thread.capture.reopen(rebuild=rebuild)
            if not thread.is_alive():
                self._threads[number] = again = CaptureThread(thread.name, thread.kind, thread.capture)
                again.start()

    def hanging(self, now: float) -> list[str]:
        """Names of the threads that have made no step for too long."""
        return [one.name for one in self._threads if one.is_alive() and one.capture.hangs_s(now) > HANGS_AFTER_S]

    def join(self, until_s: float) -> None:
        """Wait for the threads until a time of the monotonic clock."""
        for thread in self._threads:
            thread.join(max(0.0, until_s - time.monotonic()))

    def finish(self, timeout_s: float) -> bool:
        """Finish the recordings of threads that wait for their camera. False if one of them is still working."""
        finished = [not thread.is_alive() or thread.capture.finish(timeout_s) for thread in self._threads]
        return all(finished)

    def _pause(self, stopping: threading.Event) -> Pause:
        def pause(seconds: float) -> None:
            asked, until = self._reopened, time.monotonic() + seconds
            while self._reopened == asked and (left := until - time.monotonic()) > 0:
                if stopping.wait(min(left, PAUSE_SLICE_S)):
                    return

        return pause
