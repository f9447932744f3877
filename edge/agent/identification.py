"""Says which machine this is, and lets a light of its board blink, for people who stand before several."""

import threading
from contextlib import suppress
from pathlib import Path
from socket import AF_INET, gethostname
from typing import Final

import psutil

LIGHTS: Final = Path("/sys/class/leds")
MODEL: Final = Path("/proc/device-tree/model")
PREFERRED: Final = ("ACT", "led0", "PWR", "led1")
"""The lights of a Raspberry Pi, the activity light first."""
_MAX_ADDRESSES: Final = 4


def machine(model: Path = MODEL) -> str:
    """Its name, its board where that is known, and its addresses."""
    board = ""
    with suppress(OSError):
        board = model.read_text(errors="replace").strip("\0 \n")[:64]
    found = [
        one.address
        for addresses in psutil.net_if_addrs().values()
        for one in addresses
        if one.family == AF_INET and not one.address.startswith("127.")
    ]
    return ", ".join([gethostname()[:64], *([board] if board else []), *found[:_MAX_ADDRESSES]])


class BoardLight:
    """The light of the board, shared by all devices of an agent: it blinks for as long as somebody asked last."""

    def __init__(self, lights: Path = LIGHTS) -> None:
        self._lights = lights
        self._lock = threading.Lock()
        self._before: tuple[Path, str] | None = None
        """Where it blinks, and what the light showed before it did."""
        self._end: threading.Timer | None = None

    def blink(self, seconds: float) -> str | None:
        """The light that blinks for so long from now; `None` where there is none, or this account may not use it."""
        with self._lock:
            if self._before is None:
                self._before = self._begin()
            if self._before is None:
                return None
            if self._end is not None:
                self._end.cancel()
            self._end = threading.Timer(seconds, self._restore)
            self._end.daemon = True
            self._end.start()
            return self._before[0].parent.name

    def _begin(self) -> tuple[Path, str] | None:
        for name in PREFERRED:
            trigger = self._lights / name / "trigger"
            with suppress(OSError):
                before = _chosen(trigger.read_text())
                trigger.write_text("timer")
                return trigger, before
        return None

    def _restore(self) -> None:
        with self._lock:
            # A timer that came due while it was asked again is not the last one.
            if self._end is threading.current_thread():
                self._give_back()

    def close(self) -> None:
        """Show at once what it showed before: a process that starts again would take the blinking for that."""
        with self._lock:
            if self._end is not None:
                self._end.cancel()
            self._give_back()

    def _give_back(self) -> None:
        if self._before is not None:
            trigger, before = self._before
            with suppress(OSError):
                trigger.write_text(before)
        self._before = self._end = None


def _chosen(triggers: str) -> str:
    """The kernel lists all triggers of a light, the one in force in brackets."""
    return next((one.strip("[]") for one in triggers.split() if one.startswith("[")), "none")
