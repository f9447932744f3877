"""A camera on the bus whose live video tells the time: its brightness changes each half second, by the clock."""

import threading
import time
from datetime import UTC, datetime
from typing import Final, Self

import numpy as np

from bus_schemas.protocol import WATCH_LEASE_S
from bus_schemas.topics import command_topic, live_topic
from edge.analysis.pictures import frame_of
from edge.capture.encoder import Encoding
from edge.capture.live_video import LiveVideo
from edge.capture.recorder import Recorder
from tests.broker import Broker
from tests.builders import DEVICE, SITE
from tests.eventually import eventually
from tests.integration.gateway.peer import Peer

FPS: Final = 15
SIZE: Final = (160, 90)
STEP_S: Final = 0.5
STEPS: Final = 8
SOURCE: Final = f"/sites/{SITE}/devices/{DEVICE}"
RATE: Final = 16_000


def level_at(moment: float) -> int:
    """0 to 7: which step of brightness is shown, in seconds since 1970."""
    return int(moment / STEP_S) % STEPS


def grey_of(level: int) -> int:
    return 30 + 28 * level


class LiveCamera(Peer):
    """It is recorded as the agent does, in a thread; `leases` counts how often somebody asked for its video.

    Its sound begins with its first pictures, as that of a camera does which has run for a while.
    """

    def __init__(self, broker: Broker) -> None:
        self.leases = self.pictures = 0
        self.live = LiveVideo(lambda message: self._send(message))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._film, name="live camera")
        super().__init__(broker, command_topic(SOURCE, "watch"))
        self.client.on_message = lambda *_: self._lease()

    def __enter__(self) -> Self:
        super().__enter__()
        self._thread.start()
        eventually(lambda: self.pictures >= FPS, what="a second of pictures and sound")
        return self

    def __exit__(self, *failure: object) -> None:
        self._stopping.set()
        self._thread.join()
        super().__exit__(*failure)

    def _lease(self) -> None:
        self.leases += 1
        self.live.watch(WATCH_LEASE_S)

    def _send(self, message: bytes) -> None:
        self.client.publish(live_topic(SOURCE, "video"), message, qos=0)

    def _film(self) -> None:
        recorder = Recorder(10, Encoding(fps=FPS, bit_rate=300_000), live=self.live)
        recorder.begin(SIZE, rate=RATE)
        while not self._stopping.is_set():
            now = time.time()
            moment = datetime.fromtimestamp(now, UTC)
            grey = np.full((SIZE[1], SIZE[0], 3), grey_of(level_at(now)), np.uint8)
            recorder.picture(frame_of(grey), moment)
            recorder.sound(np.zeros((RATE // FPS, 1), np.int16), RATE, moment)
            recorder.take()
            self.pictures += 1
            self._stopping.wait(max(0.0, now + 1 / FPS - time.time()))
