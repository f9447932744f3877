"""Sources are made of what the settings say, and settings that make no sense are refused."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from pydantic import ValidationError

from edge.agent.context import AgentContext
from edge.agent.defaults import DRAWN_SIZE
from edge.agent.settings import DeviceSettings, NodeSettings
from edge.agent.source_factory import (
    DRAWN,
    AddressUnusable,
    address,
    addresses,
    scene_of,
    thermal_source,
    visual_source,
)
from edge.agent.source_settings import RtspSourceSettings, SceneSourceSettings
from edge.capture.bitstream import CLOCK
from edge.capture.encoder import Encoding, VideoEncoder
from edge.capture.sources.address import Redactor
from edge.capture.sources.failure_reasons import describe_error
from edge.capture.sources.source import CameraFrame, SourceUnreachable
from edge.simulation.scene import Scene
from edge.simulation.schedule import Schedule
from edge.simulation.visual_scene import VisualScene

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def device(**given: Any) -> DeviceSettings:
    return DeviceSettings.model_validate({"site": "YARD", "device": "GATE"} | given)


def surroundings(now: datetime = NOON) -> AgentContext:
    return AgentContext(lambda: now, lambda _: None, {}, NOON)


def test_an_address_with_a_password_comes_from_the_environment() -> None:
    source = RtspSourceSettings(kind="rtsp", url_env="GATE_URL")

    assert address(source, {"GATE_URL": "rtsp://user:secret@camera/live"}) == "rtsp://user:secret@camera/live"
    with pytest.raises(AddressUnusable, match="GATE_URL"):
        address(source, {})


@pytest.mark.parametrize(
    "given",
    [
        "rtsp://admin:se/cret@camera/live",
        "rtsp://admin:se#cret@camera/live",
        "rtsp://admin:se[cret@camera/live",
        "rtsp://admin:se@cret@camera/live",
        "rtsp://admin:se cret@camera/live",
        "rtsp://admin:se%cret@camera/live",
        "rtsp://admin:secret%40camera/live",
        "rtsp://camera:99999/live",
        "http://camera/live",
        "camera",
    ],
)
def test_an_address_that_cannot_be_read_for_certain_is_refused_by_the_name_of_its_variable(given: str) -> None:
    with pytest.raises(AddressUnusable, match="GATE_URL") as refused:
        address(RtspSourceSettings(kind="rtsp", url_env="GATE_URL"), {"GATE_URL": given})

    assert "cret" not in str(refused.value)
    assert describe_error(refused.value, Redactor([given]).redact) == str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        "rtsp://admin:se/cret@camera/live",
        "rtsp://camera/live?user=a&password=secret",
        "http://camera/live",
        "rtsp://[/",
    ],
)
def test_an_address_in_the_configuration_holds_no_password_and_can_be_read(given: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RtspSourceSettings(kind="rtsp", url=given)

    assert "cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "needs a visual or a thermal source"),
        ({"visual": {"kind": "scene", "scene": "thermal"}}, "is a thermal scene"),
        ({"visual": {"kind": "rtsp", "url": "rtsp://user:secret@camera/live"}}, "credentials"),
        ({"visual": {"kind": "file", "path": "a.avi"}, "detector": {"kind": "scene"}}, "only drawn scenes"),
        ({"device": "_hub", "visual": {"kind": "scene", "scene": "visual"}}, "hub's own name"),
        ({"visual": {"kind": "teapot"}}, "teapot"),
    ],
)
def test_devices_that_make_no_sense_are_refused(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        device(**given)


def test_a_node_without_devices_is_refused() -> None:
    with pytest.raises(ValidationError, match="devices"):
        NodeSettings(node="yard", devices=())


def test_a_camera_without_a_microphone_gives_pictures_only() -> None:
    settings = device(visual={"kind": "scene", "scene": "visual"})
    assert isinstance(settings.visual, SceneSourceSettings)
    source = visual_source(settings, scene_of(settings.visual, NOON, "UTC"), None, surroundings())
    source.open()
    readings = [source.read() for _ in range(25)]
    source.close()

    assert {type(reading) for reading in readings} == {CameraFrame}


def test_a_drawn_camera_does_not_answer_while_it_is_silent() -> None:
    silent = {"kind": "scene", "scene": "thermal", "faults": [{"kind": "silent", "first_s": 60, "lasts_s": 10}]}
    settings = device(thermal=silent)
    thermal_source(settings, surroundings(NOON + timedelta(seconds=59))).open()
    gone = thermal_source(settings, surroundings(NOON + timedelta(seconds=61)))

    with pytest.raises(SourceUnreachable, match="does not answer"):
        gone.open()


def test_a_sensor_that_is_not_there_is_unreachable() -> None:
    source = thermal_source(device(thermal={"kind": "mlx90640"}), surroundings())

    with pytest.raises(SourceUnreachable, match="MLX90640"):
        source.open()


@pytest.mark.parametrize(
    "given",
    [
        {"visual": {"kind": "file", "path": "rtsp://admin:Geheim7@camera/x"}},
        {"visual": {"kind": "v4l2", "path": "rtsp://admin:Geheim7@camera/x"}},
        {"thermal": {"kind": "thermal_csv", "path": "http://admin:Geheim7@camera/x"}},
        {"visual": {"kind": "v4l2"}, "detector": {"kind": "onnx", "model": "http://admin:Geheim7@camera/x"}},
    ],
)
def test_a_password_in_an_address_that_was_given_as_a_path_is_known_and_not_shown(given: dict[str, Any]) -> None:
    redact = Redactor(addresses(device(**given), {})).redact
    for text in ("at http:/admin:Geheim7@camera/x", "at http://admin:Geheim7@camera/x", "user admin, password Geheim7"):
        assert "eim7" not in redact(text)


def test_a_drawn_picture_is_recorded_as_well_as_with_a_preset_that_computes_more() -> None:
    drawing = VisualScene(Scene(Schedule(NOON), seed=1, people=3))
    pictures = [drawing.draw(NOON + timedelta(seconds=number / 10)) for number in range(40)]

    quick, slow = (_error(pictures, replace(DRAWN, preset=preset)) for preset in (DRAWN.preset, "veryfast"))

    assert quick < 1.1 * slow


def _error(pictures: Sequence[VideoFrame], encoding: Encoding) -> float:
    """The mean square of the difference to what a player shows."""
    encoder = VideoEncoder(encoding, DRAWN_SIZE)
    decoder: Any = av.CodecContext.create("h264", "r")
    shown: list[VideoFrame] = []
    for number, picture in enumerate(pictures):
        for unit in encoder.encode(picture, number * CLOCK // 10, NOON, keyframe=number == 0):
            shown += decoder.decode(av.Packet(unit.data))
    shown += decoder.decode(None)
    pairs = zip(shown, pictures, strict=True)
    return float(np.mean([np.square(np.subtract(one.to_ndarray(), two.to_ndarray(), dtype=int)) for one, two in pairs]))
