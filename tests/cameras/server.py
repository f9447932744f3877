"""Both servers of cameras in a thread of their own."""

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from tests.cameras.case import Case, HttpCase, RtspCase
from tests.cameras.http import HttpServer
from tests.cameras.rtsp import RtspServer, Seen


class Cameras:
    """As a context manager: the network cameras of these cases, on free ports of the loopback."""

    def __init__(self, cases: dict[str, Case]) -> None:
        self._rtsp = RtspServer({name: case for name, case in cases.items() if isinstance(case, RtspCase)})
        self._http = HttpServer({name: case for name, case in cases.items() if isinstance(case, HttpCase)})
        self._held: dict[str, Seen] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cameras", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait(self._rtsp.start())
        self._wait(self._http.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def stop(self) -> None:
        """All cameras are gone."""
        self._wait(self._rtsp.stop())
        self._wait(self._http.stop())

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def address(self, name: str, credentials: str = "") -> str:
        if name in self._http.seen:
            return f"http://{credentials}127.0.0.1:{self._http.port}/{name}"
        return f"rtsp://{credentials}127.0.0.1:{self._rtsp.port}/{name}"

    def seen(self, name: str) -> Seen:
        """What the camera's viewers were sent, until `hold` where that was called."""
        now = self._seen[name]
        return replace(self._held.get(name, now), ended_at=now.last_at)

    def hold(self) -> None:
        """What is sent from now on counts for nothing: the agent is about to be told to end."""
        self._held = {name: replace(seen) for name, seen in self._seen.items()}

    @property
    def _seen(self) -> dict[str, Seen]:
        return self._rtsp.seen | self._http.seen

    def at(self, moment: datetime) -> float:
        """In seconds of the clock of `Seen`."""
        return self._loop.time() - (datetime.now(UTC) - moment).total_seconds()
