"""Programs of Debian play what the gateway lists: they look at the address of a segment before they open it."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import builders
from tests.counted_video import FRAMES_PER_SEGMENT, SEGMENT_S, counted_segments
from tests.integration.gateway.started import Filled, Started
from tests.required import missing

SEGMENTS = 3
PLAYLISTS = [
    "/hls/DEMO/yard/range.m3u8?from=2026-01-05T10:00:00Z&to=2026-01-05T10:05:00Z",
    "/hls/DEMO/yard/2026-01-05/09.m3u8",
]
BEGINS = (builders.at(0), builders.at(-1800))
"""Of what is in each of the lists."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Filled(tmp_path_factory.mktemp("films")) as filled:
        for begin in BEGINS:
            for number, video in enumerate(counted_segments(SEGMENTS)):
                start = begin + number * (builders.at(SEGMENT_S) - builders.at(0))
                medium = builders.media(start, video, kind="segment")
                filled.store((medium, video))
                filled.append(builders.segment(start, duration_s=float(SEGMENT_S), media=(medium.data.key,)))
        filled.append(builders.tick(builders.at(590))).fold()
        with Started(filled.hub) as started:
            yield started.url


def program(name: str, package: str) -> str:
    return shutil.which(name) or missing(f"{name} is not installed: apt-get install {package}")


@pytest.mark.parametrize("playlist", PLAYLISTS, ids=["range", "hour"])
def test_ffprobe_reads_every_frame_of_a_playlist(address: str, playlist: str) -> None:
    command = [program("ffprobe", "ffmpeg"), "-v", "error", "-count_frames", "-show_streams", "-of", "json"]
    done = subprocess.run([*command, address + playlist], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    [stream] = json.loads(done.stdout)["streams"]
    assert (stream["codec_name"], int(stream["nb_read_frames"])) == ("h264", SEGMENTS * FRAMES_PER_SEGMENT)


def test_mpv_plays_a_playlist_to_its_end(address: str, tmp_path: Path) -> None:
    command = [
        program("mpv", "mpv"),
        "--no-config",
        "--vo=null",
        "--ao=null",
        "--untimed",
        f"--log-file={tmp_path}/log",
    ]
    done = subprocess.run(
        [*command, address + PLAYLISTS[0]], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "(End of file)" in done.stdout
