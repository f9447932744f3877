"""What is opened is closed again, and only what cannot keep its reader waiting is opened."""

import gc
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest

from edge.capture.sources import containers
from edge.capture.sources.containers import NoVideo, UnreferencedContainers
from edge.capture.sources.demuxer import ContainerDemuxer, demuxer
from edge.capture.sources.failure_reasons import Attempt, explain
from edge.capture.sources.inputs import rtsp, v4l2, video_file
from tests.cameras import files
from tests.cameras.media import jpeg


def titled(path: Path) -> Path:
    """A recording whose title is in Latin-1."""
    with av.open(str(path), "w", format="avi") as container:
        container.metadata["title"] = "Kamera SXd"
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(5):
            frame = av.VideoFrame(160, 120, "yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    path.write_bytes(path.read_bytes().replace(b"Kamera SXd", b"Kamera S\xfcd"))
    return path


def photograph(path: Path) -> Path:
    path.write_bytes(jpeg(1))
    return path


def descriptors(path: Path) -> int:
    return sum(open_one.resolve() == path.resolve() for open_one in Path("/proc/self/fd").iterdir())


@contextmanager
def without_collector() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_a_title_that_is_not_utf_8_is_no_reason_not_to_record(tmp_path: Path) -> None:
    opened = demuxer(video_file(str(titled(tmp_path / "title.avi"))), 5)
    arrival = opened.next()
    opened.close()

    assert (opened.codec, arrival is not None) == ("mpeg4", True)


def test_what_has_no_video_is_closed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=800)
        frame.sample_rate = 8000
        frame.pts = 0
        container.mux(stream.encode(frame))
    with without_collector():
        with pytest.raises(NoVideo, match="it has no video"):
            demuxer(video_file(str(path)), 5)
        assert descriptors(path) == 0


def test_what_fails_after_opening_closes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files.mp4(tmp_path / "good.mp4")
    monkeypatch.setattr(ContainerDemuxer, "resume", lambda _: 1 / 0)
    with without_collector():
        with pytest.raises(ZeroDivisionError):
            demuxer(video_file(str(path)), 5)
        assert descriptors(path) == 0


def test_what_pyav_opened_before_it_failed_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = titled(tmp_path / "title.avi")
    strict = av.open

    def failing(*given: object, **options: object) -> object:
        return strict(*given, **{**options, "metadata_errors": "strict"})  # type: ignore[call-overload]  # whatever it was called with

    monkeypatch.setattr(av, "open", failing)
    monkeypatch.setattr(containers, "_unreferenced", UnreferencedContainers())
    with without_collector():
        with pytest.raises(UnicodeDecodeError):
            demuxer(video_file(str(path)), 5)
        assert descriptors(path) == 0


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (os.mkfifo, "it is a pipe, not a file"),
        (os.mkdir, "it is a directory, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a file"),
        (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
        (lambda path: None, "No such file or device"),
    ],
)
def test_only_a_regular_file_is_opened_as_a_recording(tmp_path: Path, make: object, reason: str) -> None:
    path = tmp_path / "video"
    assert callable(make)
    make(path)
    with pytest.raises(NoVideo) as refused:
        demuxer(video_file(str(path)), 5)

    assert str(refused.value) == reason


def test_a_socket_is_no_recording(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        with pytest.raises(NoVideo, match="it is a socket, not a file"):
            demuxer(video_file(str(tmp_path / "s")), 5)


def test_only_a_device_is_opened_as_a_camera_of_this_machine(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(NoVideo, match="it is a pipe, not a video device"):
        demuxer(v4l2(str(tmp_path / "fifo")), 5)
    with pytest.raises(OSError, match="ioctl") as lost:
        demuxer(v4l2("/dev/null"), 5)

    assert explain(lost.value, Attempt("/dev/null")) == "it is a device, but not a camera"


@contextmanager
def no_free_descriptor() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_machine_without_free_file_descriptors_blames_no_camera() -> None:
    address = "rtsp://127.0.0.1:1/x"
    with no_free_descriptor():
        with pytest.raises(OSError, match="open files") as lost:
            demuxer(rtsp(address), 5)
        reasons = {explain(lost.value, Attempt(address)), explain(ValueError(), Attempt(address))}

    assert reasons == {"this machine has no free file descriptors"}


@pytest.mark.parametrize("name", ["clip.mp4", "photo.jpg"])
def test_a_single_picture_is_no_recording(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    _ = files.mp4(path, count=1) if name == "clip.mp4" else photograph(path)
    with pytest.raises(NoVideo, match="this is a single picture, not a video"):
        demuxer(video_file(str(path), loop=True), 5)


def test_what_was_read_to_count_pictures_is_handed_out_in_order(tmp_path: Path) -> None:
    opened = demuxer(video_file(str(files.mp4(tmp_path / "two.mp4", count=2))), 5)
    arrivals = list(iter(opened.next, None))
    opened.close()

    assert [arrival.packet.size > 0 for arrival in arrivals] == [True, True, False]
    assert sum(len(opened.decode(arrival.packet)) for arrival in arrivals) == 2
