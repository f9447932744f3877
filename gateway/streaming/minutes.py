"""The frames of live events that say what became of a minute of the mosaics as it was drawn.

A frame names the drawing before it of its site, so that a client knows whether it has missed one. There is no replay:
who has, asks for the timeline.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

from pydantic_core import to_json

from consumers.views.mosaics.drawings import Drawing
from consumers.views.mosaics.minute_state import CLASSES
from consumers.views.mosaics.questions import REVISIONS

MINUTE: Final = "minute"
FRAMES_KEPT: Final = 400


class MinuteFrame(NamedTuple):
    order: int
    site: str
    frame: bytes


class MinuteFrames:
    """The newest frames. `order` counts them, whatever file of the view they are from."""

    def __init__(self) -> None:
        self._frames: deque[MinuteFrame] = deque(maxlen=FRAMES_KEPT)
        self._newest: dict[str, MinuteFrame] = {}
        self._last: dict[str, int] = {}
        self._order = 0
        self.number: int | None = None
        """The number of the last drawing that was taken; none yet where the next are the first."""

    def forget(self) -> None:
        """Begin anew: what was drawn since is not known one by one."""
        self._frames.clear()
        self._newest.clear()
        self._last.clear()
        self.number = None

    def take(self, drawings: Iterable[Drawing]) -> None:
        for drawing in drawings:
            self._order += 1
            frame = MinuteFrame(self._order, drawing.site, _frame(drawing, self._last.get(drawing.site)))
            self._frames.append(frame)
            self._newest[drawing.site] = frame
            self._last[drawing.site] = self.number = drawing.number

    def after(self, order: int | None, site: str | None) -> tuple[list[bytes], int | None]:
        """The frames after this one, and the order of the last; for a client that has none the last of each site."""
        if not self._frames:
            return [], order
        found = self._newest.values() if order is None else (one for one in self._frames if one.order > order)
        return [one.frame for one in found if site in (None, one.site)], self._order


def _frame(drawing: Drawing, before: int | None) -> bytes:
    said = {
        "number": drawing.number,
        "before": before,
        "site": drawing.site,
        "minute": drawing.minute,
        "state": CLASSES[drawing.state],
        "condition": drawing.condition,
        "types": drawing.types.split(),
        "revision": drawing.revision % REVISIONS,
    }
    return b"event: %b\ndata: %b\n\n" % (MINUTE.encode(), to_json(said))
