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


def blink(seconds: float, lights: Path = LIGHTS) -> str | None:
    """The light that blinks for so long; `None` where there is none, or this account may not use it."""
    for name in PREFERRED:
        trigger = lights / name / "trigger"
        try:
            before = _chosen(trigger.read_text())
            trigger.write_text("timer")
        except OSError:
            continue
        end = threading.Timer(seconds, _restore, (trigger, before))
        end.daemon = True
        end.start()
        return name
    return None


def _chosen(triggers: str) -> str:
    """The kernel lists all triggers of a light, the one in force in brackets."""
    return next((one.strip("[]") for one in triggers.split() if one.startswith("[")), "none")


def _restore(trigger: Path, before: str) -> None:
    with suppress(OSError):
        trigger.write_text(before)
