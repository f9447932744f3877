"""Describes inputs for FFmpeg: files, RTSP, MJPEG and V4L2 with their options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from edge.capture.sources.files import LocalKind

TIMEOUT_S: Final = 10.0
SOCKET_TIMEOUT_S: Final = 35.0
"""The timeout of FFmpeg's own sockets. Ours, which follows the rate of the camera, must come first."""
RTSP_SOCKET_TIMEOUT_S: Final = 10.0
"""The reading thread continues after it, or closes what was given up meanwhile."""
Transport = Literal["tcp", "udp"]


@dataclass(frozen=True, slots=True)
class Input:
    """An input. `pace` plays a file at the speed at which it was recorded; `is_jpeg_stream` marks JPEG
    after JPEG over HTTP, which FFmpeg only transports; `local` is what a local path must be. Of a
    stream that is not analysed only keyframes are decoded.
    """

    address: str
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = TIMEOUT_S
    ending: Literal["live", "once", "loop"] = "live"
    pace: bool = False
    is_jpeg_stream: bool = False
    local: LocalKind | None = None
    is_analysed: bool = True

    @property
    def is_live(self) -> bool:
        return self.ending == "live"

    @property
    def is_interleaved(self) -> bool:
        """Whether RTSP shares one TCP connection, in which a damaged length loses everything that follows."""
        return self.options.get("rtsp_transport") == "tcp"


def video_file(path: str, *, loop: bool = False, pace: bool = True) -> Input:
    return Input(path, ending="loop" if loop else "once", pace=pace, local="file")


def rtsp(url: str, timeout_s: float = TIMEOUT_S, transport: Transport = "tcp") -> Input:
    """TCP by default, because a lost UDP packet smears pictures until the next keyframe.

    Nothing is analysed in advance: the stream has all that is needed, and a picture is wanted at once.
    """
    options = {
        "rtsp_transport": transport,
        "timeout": str(int(RTSP_SOCKET_TIMEOUT_S * 1_000_000)),
        "analyzeduration": "1",
        "fpsprobesize": "0",
    }
    return Input(url, options=options, timeout_s=timeout_s)


def mjpeg(url: str, timeout_s: float = TIMEOUT_S) -> Input:
    """Where the camera redirects to is decided by `redirects`, not by FFmpeg, which would go anywhere."""
    options = {"raw_packet_size": "65536", "max_redirects": "0", "rw_timeout": str(int(SOCKET_TIMEOUT_S * 1_000_000))}
    return Input(url, format="data", options=options, timeout_s=timeout_s, is_jpeg_stream=True)


def v4l2(device: str, size: tuple[int, int] = (1280, 720), fps: int = 15) -> Input:
    """MJPEG from the device: raw pictures of this size do not fit through USB 2."""
    options = {"video_size": f"{size[0]}x{size[1]}", "framerate": str(fps), "input_format": "mjpeg"}
    return Input(device, format="v4l2", options=options, local="device")
