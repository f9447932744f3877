"""Takes snapshots of a camera at regular times and on request, with a caption in the picture."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from bus_schemas.snapshot_settings import SnapshotSettings
from edge.analysis.lettering import Lettering
from edge.analysis.pictures import Planes
from edge.capture.pacing import Every
from producer.times import clock_words

LETTERS_PER_PICTURE: Final = 36
"""Lines of letters that fit into the height of a picture."""
SMALLEST_LETTERS: Final = 12
_MARGIN: Final = 8
_NEUTRAL: Final = 128
Then = Callable[[str], None]
Trigger = Literal["schedule", "command"]


class SnapshotTaker:
    """`request` may be used by another thread than everything else."""

    def __init__(self, title: str, zone: ZoneInfo) -> None:
        self._title = title
        self._zone = zone
        self._settings = SnapshotSettings()
        self._every: Every | None = None
        self._requests: deque[Then] = deque()

    def request(self, then: Then) -> None:
        """Take one of the next picture, and call `then` with its key in the capture thread."""
        self._requests.append(then)

    def apply(self, settings: SnapshotSettings, zone: ZoneInfo, title: str | None = None) -> None:
        """`title` is what the device is called from now on."""
        if settings.every_s != self._settings.every_s:
            self._every = Every(settings.every_s) if settings.every_s is not None else None
        self._settings, self._zone, self._title = settings, zone, title or self._title

    def due(self, time: datetime) -> Trigger | None:
        """Why one is to be taken now; `None` where none is."""
        local = time.astimezone(self._zone)
        is_time = self._every is not None and self._settings.is_time(local)
        # By the clock on the wall, as its hours: a daily one would be due after them on a day of 23 hours.
        is_regular = is_time and self._every is not None and self._every.due(local.replace(tzinfo=None))
        return "command" if self._requests else "schedule" if is_regular else None

    def jpeg(self, planes: Planes, time: datetime) -> bytes:
        return (_captioned(planes, self._words(time)) if self._settings.caption else planes).jpeg()

    def taken(self, key: str) -> None:
        while self._requests:
            self._requests.popleft()(key)

    def _words(self, time: datetime) -> str:
        parts = (self._title, clock_words(time.astimezone(self._zone)), self._settings.text)
        return " | ".join(part for part in parts if part)


def _captioned(planes: Planes, words: str) -> Planes:
    """A copy with white words on black at the bottom left."""
    made = Planes(planes.y.copy(), planes.u.copy(), planes.v.copy())
    height = made.y.shape[0]
    letters = Lettering(max(SMALLEST_LETTERS, height // LETTERS_PER_PICTURE))
    x, y, wide, high = letters.write(made.y, words, (_MARGIN, height - letters.height - _MARGIN))
    for colour in (made.u, made.v):
        colour[y // 2 : (y + high + 1) // 2, x // 2 : (x + wide + 1) // 2] = _NEUTRAL
    return made
