"""An RTSP server with a test picture and a tone, run by the system's Python because that has GStreamer's bindings."""

import sys

import gi  # type: ignore[import-not-found]  # of the system's Python

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found] # noqa: E402 - after its versions are required

PICTURES = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=15/1"
VIDEO = f"{PICTURES} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph264pay name=pay0 pt=96"
LONG = f"{PICTURES} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=900 ! rtph264pay name=pay0 pt=96"
HEVC = f"{PICTURES} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph265pay name=pay0 pt=96"
AUDIO = (
    "audiotestsrc is-live=true wave=sine freq=440 volume=0.5 ! audio/x-raw,rate=44100,channels=1 "
    "! avenc_aac ! aacparse ! rtpmp4gpay name=pay1 pt=97"
)


def main() -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    for path, launch in (("/silent", VIDEO), ("/sounding", f"{VIDEO} {AUDIO}"), ("/long", LONG), ("/hevc", HEVC)):
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {launch} )")
        # A stream of one's own begins with a keyframe.
        factory.set_shared(path != "/long")
        server.get_mount_points().add_factory(path, factory)
    server.attach(None)
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


main()
