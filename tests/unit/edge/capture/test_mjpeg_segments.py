"""MJPEG that is kept as it is sent: fragmented MP4 whose samples are the very pictures of the camera."""

import io
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest

from bus_schemas.media import MP4_HEAD_BYTES
from edge.capture.encoder import Encoding
from edge.capture.recorder import Recorder
from edge.capture.segments import RecordedSegment
from gateway.serving.playlists import PlaylistSegment, recorded
from tests.cameras.media import jpeg
from tests.mjpeg_recording import MJPEG_FPS, mjpeg_segments
from tests.required import missing

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
PICTURES = 52
SENT = [jpeg(number) for number in range(PICTURES)]


def segments(pictures: Sequence[bytes] = SENT) -> list[RecordedSegment]:
    return mjpeg_segments(pictures, START)


def samples(segment: RecordedSegment) -> list[tuple[float, bytes]]:
    """What a player finds: when each picture is shown, in seconds, and its bytes."""
    with av.open(io.BytesIO(segment.data), "r", format="mp4") as container:
        video = container.streams.video[0]
        assert video.codec_context.name == "mjpeg"
        packets = [one for one in container.demux(video) if one.size]
        return [(float((one.pts or 0) * (one.time_base or 0)), bytes(one)) for one in packets]


def test_the_pictures_are_kept_byte_for_byte_at_their_times() -> None:
    found = [sample for segment in segments() for sample in samples(segment)]

    assert [body for _, body in found] == SENT
    shown = [time - found[0][0] for time, _ in found]
    assert shown == pytest.approx([number / MJPEG_FPS for number in range(PICTURES)], abs=1e-4)


def test_segments_are_cut_at_their_length_and_say_what_they_are() -> None:
    found = segments()

    assert [one.duration_s for one in found] == pytest.approx([2.0] * 5 + [0.4])
    assert {(one.codec, one.content_type, one.width, one.height) for one in found} == {("mjpeg", "video/mp4", 160, 120)}
    assert [one.discontinuity for one in found] == [True, False, False, False, False, False]


def test_the_head_has_the_length_that_playlists_name() -> None:
    for segment in segments():
        assert segment.data[4:8] == b"ftyp"
        assert segment.data[MP4_HEAD_BYTES + 4 : MP4_HEAD_BYTES + 8] == b"moof"


def test_without_being_asked_to_nothing_of_it_is_kept_as_it_is_sent() -> None:
    recorder = Recorder(2, Encoding())
    recorder.begin((160, 120), codec="mjpeg")

    assert not recorder.passes_video


@pytest.mark.thorough
def test_pictures_larger_than_a_segment_may_be_begin_another_segment() -> None:
    large = [picture + bytes(5_000_000) for picture in SENT[:40]]

    found = segments(large)

    assert {one.codec for one in found} == {"mjpeg"}
    assert sum(len(samples(one)) for one in found) == 40


@pytest.mark.processes
@pytest.mark.parametrize("player", ["ffprobe", "mpv"])
def test_players_of_the_machine_play_a_playlist_of_it(tmp_path: Path, player: str) -> None:
    found = segments()
    for number, segment in enumerate(found):
        (tmp_path / f"{number}.mp4").write_bytes(segment.data)
    listed = [
        PlaylistSegment(one.start, one.duration_s, f"{number}.mp4", one.discontinuity, len(one.data))
        for number, one in enumerate(found)
    ]
    (tmp_path / "range.m3u8").write_text(recorded(listed, closed=True))
    commands = {
        "ffprobe": ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries",
                    "stream=codec_name,nb_read_packets", "-of", "csv=p=0", "range.m3u8"],
        "mpv": ["mpv", "--no-config", "--vo=null", "--ao=null", "--untimed", "--term-status-msg=",
                "--msg-level=all=error", "range.m3u8"],
    }  # fmt: skip
    try:
        ran = subprocess.run(commands[player], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        missing(f"{player} is not installed")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    if player == "ffprobe":
        assert set(ran.stdout.split()) == {f"mjpeg,{PICTURES}"}
