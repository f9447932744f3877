"""Sets the controls of a camera at this machine (V4L2): brightness, gain, exposure, the filter of infrared."""

import fcntl
import os
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from bus_schemas.night_settings import CameraControls

BRIGHTNESS: Final = 0x0098_0900
GAIN: Final = 0x0098_0913
EXPOSURE_MODE: Final = 0x009A_0901
EXPOSURE_TIME: Final = 0x009A_0902
"""V4L2_CID_BRIGHTNESS, V4L2_CID_GAIN, V4L2_CID_EXPOSURE_AUTO and V4L2_CID_EXPOSURE_ABSOLUTE."""
EXPOSURE_MANUAL: Final = 1
INFRARED_FILTER: Final = re.compile(r"\b(ir|infrared)\b.*\b(cut|filter)", re.IGNORECASE)
"""No control of the standard: drivers that have one call it so."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a driver, in the numbers of that driver."""

    id: int
    name: str
    minimum: int
    maximum: int
    step: int
    default: int
    value: int

    def at(self, percent: float) -> int:
        """The nearest value that the driver takes."""
        steps = round((self.maximum - self.minimum) * percent / 100 / max(1, self.step))
        return min(self.maximum, self.minimum + steps * max(1, self.step))


class ControlDriver(Protocol):
    """Raises `OSError` where the device refuses, or is gone."""

    def controls(self) -> Sequence[Control]: ...

    def set(self, control: int, value: int) -> None: ...


OpenControls = Callable[[Path], ControlDriver]


class NightControls:
    """Sets at night what the settings ask for, and by day what was set before."""

    def __init__(self, driver: ControlDriver) -> None:
        self._driver = driver
        self._applied: CameraControls | None = None
        self._by_day: dict[int, int] = {}
        self.trouble: str | None = None
        """Why the camera does not do as the settings ask."""

    def apply(self, wanted: CameraControls | None) -> None:
        """`None` by day. A camera that refuses is asked again when the settings or the time of day change."""
        if wanted == self._applied:
            return
        self._applied = wanted
        try:
            self.trouble = self._change(wanted or CameraControls())
        except OSError as error:
            self.trouble = f"its controls cannot be set: {error.strerror or error}"

    def _change(self, wanted: CameraControls) -> str | None:
        """Change the controls. Returns what the camera lacks, in a sentence."""
        known = {one.id: one for one in self._driver.controls()}
        values, missing = _values(wanted, known)
        # In the order of the driver's rules: a mode before what it allows, and back the other way round.
        for control in [*values, *reversed(list(self._by_day))]:
            now = known.get(control)
            if now is None:
                continue
            if control in values:
                # An agent that begins at night finds what one before it has set.
                before = now.default if now.value == values[control] else now.value
                self._by_day.setdefault(control, before)
            value = values.get(control, self._by_day[control])
            if value != now.value:
                self._driver.set(control, value)
        self._by_day = {control: value for control, value in self._by_day.items() if control in values}
        return f"the camera has no control of its {' and '.join(missing)}" if missing else None


def _values(wanted: CameraControls, known: dict[int, Control]) -> tuple[dict[int, int], list[str]]:
    """By the id of a control, in the order in which they are to be set, and what the camera has no control of."""
    values: dict[int, int] = {}
    missing: list[str] = []
    for name, control, percent in (
        ("exposure", EXPOSURE_TIME, wanted.exposure),
        ("gain", GAIN, wanted.gain),
        ("brightness", BRIGHTNESS, wanted.brightness),
    ):
        if percent is None:
            continue
        if control not in known:
            missing.append(name)
            continue
        if control == EXPOSURE_TIME and EXPOSURE_MODE in known:
            values[EXPOSURE_MODE] = EXPOSURE_MANUAL
        values[control] = known[control].at(percent)
    if wanted.infrared_filter is not None:
        found = next((one for one in known.values() if INFRARED_FILTER.search(one.name)), None)
        if found is None:
            missing.append("infrared filter")
        else:
            values[found.id] = found.maximum if wanted.infrared_filter else found.minimum
    return values, missing


class V4l2Controls:
    """The controls of a video device, by the ioctls of V4L2."""

    _QUERY: Final = struct.Struct("=II32siiiiI8x")
    _VALUE: Final = struct.Struct("=Ii")
    _VIDIOC_QUERYCTRL: Final = 0xC044_5624
    _VIDIOC_G_CTRL: Final = 0xC008_561B
    _VIDIOC_S_CTRL: Final = 0xC008_561C
    _NEXT: Final = 0x8000_0000
    _UNUSABLE: Final = 0x0001 | 0x0004 | 0x0040
    """Disabled, read-only, write-only."""
    _NUMBERS: Final = frozenset({1, 2, 3})
    """Types of controls that are one number: integer, switch and menu."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def controls(self) -> Sequence[Control]:
        with self._opened() as device:
            return list(self._all(device))

    def set(self, control: int, value: int) -> None:
        with self._opened() as device:
            fcntl.ioctl(device, self._VIDIOC_S_CTRL, self._VALUE.pack(control, value))

    @contextmanager
    def _opened(self) -> Iterator[int]:
        device = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        try:
            yield device
        finally:
            os.close(device)

    def _all(self, device: int) -> Iterator[Control]:
        last = 0
        while True:
            asked = self._QUERY.pack(last | self._NEXT, 0, b"", 0, 0, 0, 0, 0)
            try:
                found = self._QUERY.unpack(fcntl.ioctl(device, self._VIDIOC_QUERYCTRL, asked))
            except OSError:
                return  # After the last one.
            last, kind, name, minimum, maximum, step, default, flags = found
            if kind in self._NUMBERS and not flags & self._UNUSABLE:
                with suppress(OSError):  # Of one that cannot be read now.
                    value = self._VALUE.unpack(fcntl.ioctl(device, self._VIDIOC_G_CTRL, self._VALUE.pack(last, 0)))[1]
                    named = name.split(b"\0")[0].decode("latin-1")
                    yield Control(last, named, minimum, maximum, step, default, value)
