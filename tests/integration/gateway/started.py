"""A gateway that serves on a free port, in a thread of the test's process, over data that a test has folded."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from unittest.mock import patch

import httpx
import uvloop

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from consumers.alerting.rules import AlertRules
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.projection import Projection
from consumers.engine.store_owner import OpenStore
from consumers.hub_config import HubConfig
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from consumers.registry import CONSUMERS
from consumers.store.archive.disk import Archive
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted, Rejected
from gateway.agents.service import AgentsSettings
from gateway.server import GatewayServer, compose, listening, serve
from gateway.settings import ConnectionLimits, GatewaySettings
from producer.broker import BrokerAddress
from producer.times import micros
from tests import builders
from tests.eventually import eventually
from tests.loopback import NO_TLS
from tests.registry_events import registry_of
from watchpost.thermal_drawing import EdgeDrawing

NOWHERE = BrokerAddress(port=1)
NOW = builders.at(600)
LIMITS = ConnectionLimits()

_DEVICES = (ConfiguredDevice(builders.DEVICE, "Yard", ("visual", "thermal")), ConfiguredDevice("gate", "Gate"))
CONFIGURED = Configured((ConfiguredSite(builders.SITE, "Demo yard", "Europe/Berlin", _DEVICES),), AlertRules().values())


def hub_of(data: Path) -> HubConfig:
    return HubConfig(data=data, archive=_no_media, triggers=("CROWD_VIOLATION",))


SEGMENT_KEY = f"{builders.SITE}/{builders.DEVICE}/segment/one"
CAPTURE_KEY = f"{builders.SITE}/{builders.DEVICE}/capture/newest"
SEGMENT, CAPTURE = bytes(range(256)) * 40, b"\xff\xd8 a picture \xff\xd9"


def pictures() -> Iterable[tuple[MediaEvent, bytes]]:
    """A segment, a capture that is two seconds old, and 200 thumbnails, one a second."""
    yield builders.media(builders.at(60), SEGMENT, kind="segment", id="one"), SEGMENT
    yield builders.media(builders.at(598), CAPTURE, kind="capture", id="newest"), CAPTURE
    for second in range(200):
        body = b"thumbnail %d" % second
        yield builders.media(builders.at(second), body, id=f"t{second:03d}"), body


class _NoMedia:
    def read(self, key: str) -> bytes | None:
        return None


def _no_media() -> _NoMedia:
    return _NoMedia()


class Filled:
    """A journal that a test appends to, and the views that are folded of it."""

    def __init__(self, data: Path, configured: Configured = CONFIGURED, hub: HubConfig | None = None) -> None:
        self.hub = hub or hub_of(data)
        self._journal = Journal(data / "journal", lambda: NOW)
        self._reader = SqliteJournalReader(data / "journal")
        context = ConsumerContext(data, self._reader, lambda: NOW)
        made = [make(self.hub) for make in CONSUMERS.values()]
        self._followers = {one.name: Follower(one, context) for one in made if isinstance(one, Projection)}
        if self.head == 0:
            self.append(*registry_of(configured))

    @property
    def head(self) -> int:
        return self._journal.head

    def append(self, *events: Event, received: datetime | None = None) -> Self:
        taken = [Accepted(event, to_bytes(event), micros(received or event.time)) for event in events]
        self._journal.append(taken)
        return self

    def store(self, *pictures: tuple[MediaEvent, bytes]) -> Self:
        """Media, as ingest keeps them: the bytes in the archive, the event in the journal."""
        with Archive(self.hub.data / "archive", lambda: NOW) as archive:
            archive.store([(event.data, event.time, body) for event, body in pictures])
        return self.append(*(event for event, _ in pictures))

    def reject(self, reason: str) -> Self:
        self._journal.append([], [Rejected(micros(NOW), "watchpost/v1/DEMO/yard/event/x", reason, b"{}")])
        return self

    def fold(self, without: str | None = None) -> Self:
        """All views, or all but one; each says how far it is, also where the last events do not concern it."""
        with patch("consumers.engine.follower.IDLE_SAVE_S", 0.0):
            for name, follower in self._followers.items():
                while name != without and follower.advance():
                    pass
        return self

    def close(self) -> None:
        for follower in self._followers.values():
            follower.close()
        self._reader.close()
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Started:
    """The gateway as it runs, but for its signals."""

    def __init__(
        self,
        hub: HubConfig,
        broker: BrokerAddress = NOWHERE,
        token: str | None = None,
        stores: Mapping[str, OpenStore] | None = None,
        trial_command: tuple[str, ...] = (),
        clock: Callable[[], datetime] = lambda: NOW,
        limits: ConnectionLimits = LIMITS,
        public_url: str | None = None,
        page: Path = Path("nowhere"),
        agents: AgentsSettings | None = None,
    ) -> None:
        settings = GatewaySettings(
            token=token,
            page=page,
            reader_threads=2,
            trial_command=trial_command,
            limits=limits,
            public_url=public_url,
            open_drawing=EdgeDrawing,
            agents=agents,
        )
        self.gateway = compose(settings, hub, broker, stores, clock)
        self._server = GatewayServer(self.gateway)
        self._socket = listening("127.0.0.1", 0)
        self.port: int = self._socket.getsockname()[1]
        self._failure: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name="gateway")

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def client(self, **headers: str) -> httpx.Client:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Client(base_url=self.url, headers=given, timeout=30, verify=NO_TLS, trust_env=False)

    def connections(self) -> int:
        return len(self._server.server_state.connections)

    def wait_for(self, condition: Callable[[], object]) -> None:
        eventually(condition)

    def stop(self) -> float:
        """How many seconds it took."""
        started = time.monotonic()
        self._server.stop()
        self._thread.join(timeout=30)
        self._socket.close()
        assert not self._thread.is_alive(), "the gateway did not stop"
        if self._failure:
            raise self._failure[0]
        return time.monotonic() - started

    def _run(self) -> None:
        try:
            uvloop.run(serve(self._server, self._socket))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread of the test
            self._failure.append(error)

    def __enter__(self) -> Self:
        self._thread.start()
        eventually(lambda: self._server.started or self._failure, what="the gateway's start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def a_busy_morning() -> Iterable[Event]:
    """Ten minutes of a yard: one thing of each kind, and something wrong of each kind."""
    at = builders.at
    yield builders.tick(at(0))
    yield builders.state(at(0))
    yield builders.health(at(1), total_reconnects=2)
    for second in range(2, 60, 2):
        yield builders.frame(at(second), blackscreen=second > 10)
    yield builders.detection(at(20), people_count=8, event_triggers=("CROWD_VIOLATION",))
    hot = builders.thermal(at(30), hottest=99.5)
    yield hot
    yield builders.incident(at(30), of="hot_spot", causes=(hot.id,))
    yield builders.motion(at(40))
    for number in range(12):
        yield builders.segment(at(60 + 10 * number + (60 if number > 5 else 0)), media=(SEGMENT_KEY,))
    yield builders.settings(at(90))
    yield builders.command(at(91))
    for second in range(100, 600, 5):
        yield builders.tick(at(second))
