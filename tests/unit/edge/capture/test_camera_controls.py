"""At night a camera gets the controls that the settings ask for, and by day those that it had."""

import errno
import fcntl
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bus_schemas.night_settings import CameraControls
from edge.capture.camera_controls import (
    BRIGHTNESS,
    EXPOSURE_MODE,
    EXPOSURE_TIME,
    GAIN,
    Control,
    NightControls,
    V4l2Controls,
)

FILTER = 0x0098_0001
CONTROLS = (
    Control(BRIGHTNESS, "Brightness", -64, 64, 1, 0, 10),
    Control(GAIN, "Gain", 0, 100, 5, 20, 25),
    Control(EXPOSURE_MODE, "Auto Exposure", 0, 3, 1, 3, 3),
    Control(EXPOSURE_TIME, "Exposure Time, Absolute", 3, 2047, 1, 250, 250),
    Control(FILTER, "IR Cut Filter", 0, 1, 1, 1, 1),
)
NIGHT = CameraControls(brightness=75, gain=52, exposure=100, infrared_filter=False)


class CameraDouble:
    """The hardware: a device of V4L2 with these controls."""

    def __init__(self, controls: Sequence[Control] = CONTROLS) -> None:
        self._controls = {one.id: one for one in controls}
        self.asked = 0
        self.order: list[int] = []
        self.refuses = False

    @property
    def values(self) -> dict[int, int]:
        return {one.id: one.value for one in self._controls.values()}

    def controls(self) -> Sequence[Control]:
        self.asked += 1
        return list(self._controls.values())

    def set(self, control: int, value: int) -> None:
        if self.refuses:
            raise OSError(errno.EBUSY, "Device or resource busy")
        self.order.append(control)
        self._controls[control] = replace(self._controls[control], value=value)


def test_at_night_the_camera_is_set_and_by_day_it_is_as_before() -> None:
    camera = CameraDouble()
    night = NightControls(camera)
    by_day = camera.values

    night.apply(NIGHT)
    at_night = camera.values
    camera.order.clear()
    night.apply(None)

    assert camera.order.index(EXPOSURE_TIME) < camera.order.index(EXPOSURE_MODE)
    assert at_night == {BRIGHTNESS: 32, GAIN: 50, EXPOSURE_MODE: 1, EXPOSURE_TIME: 2047, FILTER: 0}
    assert camera.values == by_day
    assert night.trouble is None


def test_the_exposure_is_set_by_hand_before_its_time_is_set() -> None:
    camera = CameraDouble()
    NightControls(camera).apply(CameraControls(exposure=50))

    assert camera.order == [EXPOSURE_MODE, EXPOSURE_TIME]


def test_the_camera_is_asked_once_for_each_change() -> None:
    camera = CameraDouble()
    night = NightControls(camera)
    for wanted in (None, None, NIGHT, NIGHT, None, None):
        night.apply(wanted)

    assert camera.asked == 2


def test_a_control_that_is_left_out_later_is_as_by_day_again() -> None:
    camera = CameraDouble()
    night = NightControls(camera)
    night.apply(NIGHT)
    night.apply(CameraControls(gain=80))

    assert camera.values == {BRIGHTNESS: 10, GAIN: 80, EXPOSURE_MODE: 3, EXPOSURE_TIME: 250, FILTER: 1}


def test_an_agent_that_began_at_night_leaves_the_camera_as_its_driver_has_it_by_day() -> None:
    camera = CameraDouble()
    NightControls(camera).apply(CameraControls(gain=80))
    later = NightControls(camera)
    later.apply(CameraControls(gain=80))
    later.apply(None)

    assert camera.values[GAIN] == 20


def test_what_a_camera_has_no_control_of_is_named_and_the_others_are_set() -> None:
    camera = CameraDouble(CONTROLS[:2])
    night = NightControls(camera)
    night.apply(NIGHT)

    assert night.trouble == "the camera has no control of its exposure and infrared filter"
    assert camera.values == {BRIGHTNESS: 32, GAIN: 50}


def test_a_camera_that_refuses_is_named_and_asked_again_at_the_next_change() -> None:
    camera = CameraDouble()
    night = NightControls(camera)
    camera.refuses = True
    night.apply(NIGHT)
    assert night.trouble == "its controls cannot be set: Device or resource busy"

    camera.refuses = False
    night.apply(replace_gain(60))

    assert [night.trouble, camera.values[GAIN]] == [None, 60]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def replace_gain(percent: float) -> CameraControls:
    return NIGHT.model_copy(update={"gain": percent})


class DriverDouble:
    """Answers the ioctls of V4L2 as the kernel does: the hardware behind a device file."""

    def __init__(self, controls: Sequence[Control]) -> None:
        self.values = {one.id: one.value for one in controls}
        self._controls = sorted(controls, key=lambda one: one.id)

    def ioctl(self, _device: int, request: int, data: bytes) -> bytes:
        control = int.from_bytes(data[:4], "little")
        if request == V4l2Controls._VIDIOC_QUERYCTRL:
            assert control & V4l2Controls._NEXT
            after = control & ~V4l2Controls._NEXT
            found = next((one for one in self._controls if one.id > after), None)
            if found is None:
                raise OSError(errno.EINVAL, "Invalid argument")
            numbers = (found.minimum, found.maximum, found.step, found.default, 0)
            return V4l2Controls._QUERY.pack(found.id, 1, found.name.encode(), *numbers)
        if request == V4l2Controls._VIDIOC_S_CTRL:
            self.values[control] = int.from_bytes(data[4:8], "little", signed=True)
            return data
        return V4l2Controls._VALUE.pack(control, self.values[control])


def test_the_controls_of_a_video_device_are_read_and_set_by_its_ioctls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = DriverDouble(CONTROLS)
    monkeypatch.setattr(fcntl, "ioctl", driver.ioctl)
    path = tmp_path / "video0"
    path.touch()
    before = descriptors()
    controls = V4l2Controls(path)

    assert sorted(controls.controls(), key=lambda one: one.id) == sorted(CONTROLS, key=lambda one: one.id)
    controls.set(BRIGHTNESS, -12)
    assert driver.values[BRIGHTNESS] == -12
    assert descriptors() == before


def test_the_form_of_a_query_is_that_of_the_kernel() -> None:
    """struct v4l2_queryctrl has 68 bytes, and the number of an ioctl holds the size of its argument."""
    assert V4l2Controls._QUERY.size == 68 == V4l2Controls._VIDIOC_QUERYCTRL >> 16 & 0x3FFF
    assert V4l2Controls._VALUE.size == 8 == V4l2Controls._VIDIOC_S_CTRL >> 16 & 0x3FFF


def test_a_device_that_is_gone_is_named(tmp_path: Path) -> None:
    night = NightControls(V4l2Controls(tmp_path / "nothing"))
    night.apply(NIGHT)

    assert night.trouble == "its controls cannot be set: No such file or directory"
