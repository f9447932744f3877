"""Video files as sources, read and recorded."""

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from edge.analysis.pictures import frame_of
from edge.capture.recorder import Recorder
from edge.capture.sources.inputs import mjpeg, rtsp, v4l2
from edge.capture.sources.source import CameraFrame, Samples, SourceUnreachable
from tests.recordings import PEDESTRIANS, ROOM_VISUAL, recording
from tests.segment_player import played
from tests.video_files import all_of, frames_of, rest_of, sourced


def test_a_file_is_paced_by_its_own_timestamps(clip: Path) -> None:
    source, clock = sourced(clip)
    start = clock.now
    frames = frames_of(all_of(source))

    assert [round((frame.time - start).total_seconds(), 3) for frame in frames] == [n / 5 for n in range(20)]
    assert [frame.sequence for frame in frames] == list(range(1, 21))
    assert clock.now - start == pytest.approx(timedelta(seconds=3.9), abs=timedelta(milliseconds=200))


def test_a_file_can_be_read_as_fast_as_possible(clip: Path) -> None:
    source, clock = sourced(clip, pace=False)
    frames = frames_of(all_of(source))

    assert len(frames) == 20
    assert clock.waited == []


def test_sound_comes_in_seconds_with_its_time(clip: Path) -> None:
    source, clock = sourced(clip, pace=False)
    start = clock.now
    sounds = [reading for reading in all_of(source) if isinstance(reading, Samples)]

    assert [sound.rate for sound in sounds] == [16_000] * 3
    assert [sound.duration_s for sound in sounds] == pytest.approx([1.0] * 3, abs=0.07)
    assert abs(sounds[0].time - start) < timedelta(seconds=0.1)
    assert np.abs(sounds[1].samples).max() > 5000


def test_h264_is_recorded_without_being_encoded_anew(clip: Path) -> None:
    recorder = Recorder(target_seconds=2)
    source, clock = sourced(clip, recorder, pace=False)
    start = clock.now
    all_of(source)
    segments = recorder.take()
    pictures = [played(segment) for segment in segments]

    assert [segment.duration_s for segment in segments] == [2.0, 2.0]
    assert [segment.start - start for segment in segments] == [timedelta(0), timedelta(seconds=2)]
    assert [len(seen.pictures) for seen in pictures] == [20, 20]
    assert np.diff([time for seen in pictures for time in sorted(seen.times)]) == pytest.approx([0.1] * 39, abs=1e-3)
    assert sum(seen.sound_s for seen in pictures) == pytest.approx(3.97, abs=0.2)
    shown = [picture.to_ndarray() for seen in pictures for picture in seen.pictures]
    assert all(np.array_equal(one, other) for one, other in zip(decoded(clip), shown, strict=True))


def test_what_has_arrived_is_recorded_without_being_looked_at_once_the_agent_stops(clip: Path) -> None:
    """A machine that is minutes behind has a few seconds until it is killed."""
    recorder = Recorder(target_seconds=2)
    source, _ = sourced(clip, recorder, pace=False)
    source.open()
    first = source.read()
    source.takeover.is_ending = True
    after = rest_of(source)

    assert isinstance(first, CameraFrame)
    assert frames_of(after) == []
    assert sum(len(played(segment).pictures) for segment in recorder.take()) == 40


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [picture.to_ndarray() for picture in container.decode(video=0)]


@pytest.fixture(scope="session")
def telephone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of H.264 whose timestamps begin at 100 s, with sound as telephones have it."""
    path = tmp_path_factory.mktemp("clips") / "telephone.mov"
    with av.open(str(path), "w") as container:
        video: VideoStream = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        video.options = {"g": "10", "tune": "zerolatency"}
        audio: AudioStream = container.add_stream("pcm_alaw", rate=8_000, layout="mono")
        for index in range(40):
            picture = frame_of(np.full((180, 320, 3), 20 + 5 * index, np.uint8))
            picture.pts, picture.time_base = 1000 + index, Fraction(1, 10)
            container.mux(video.encode(picture))
            tone = 9000 * np.sin(2 * np.pi * 300 * (np.arange(800) + 800 * index) / 8_000)
            sound = AudioFrame.from_ndarray(tone.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = 8_000, 800_000 + 800 * index, Fraction(1, 8_000)
            container.mux(audio.encode(sound))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def test_sound_that_mpeg_ts_cannot_hold_is_encoded_beside_pictures_that_pass_through(telephone: Path) -> None:
    recorder = Recorder(target_seconds=2)
    source, _ = sourced(telephone, recorder, pace=False)
    all_of(source)
    segments = recorder.take()
    seen = [played(segment) for segment in segments]

    assert [(segment.duration_s, segment.audio) for segment in segments] == [(2.0, True)] * 2
    assert sum(part.sound_s for part in seen) == pytest.approx(4, abs=0.3)
    for part in seen:
        assert part.sound_start == pytest.approx(part.times[0], abs=0.5)


def test_a_looped_file_goes_on_in_time_and_in_one_run(clip: Path) -> None:
    recorder = Recorder(target_seconds=2)
    source, clock = sourced(clip, recorder, loop=True)
    start = clock.now
    frames = frames_of(all_of(source, most=70))
    gaps = np.diff([(frame.time - start).total_seconds() for frame in frames])

    assert gaps == pytest.approx([0.2] * len(gaps), abs=0.05)
    segments = recorder.take()
    assert [segment.discontinuity for segment in segments] == [True, *[False] * (len(segments) - 1)]
    pictures = [played(segment) for segment in segments[:-1]]
    assert [len(seen.pictures) for seen in pictures] == [20] * len(pictures)
    steps = np.diff([time for seen in pictures for time in sorted(seen.times)])
    assert steps == pytest.approx([0.1] * len(steps), abs=2e-3)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_a_looped_file_of_three_pictures_is_recorded_in_segments_of_the_usual_length(
    codec: str, tmp_path: Path
) -> None:
    path = tmp_path / "short.mp4"
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(codec, rate=10)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        for index in range(3):
            container.mux(video.encode(frame_of(np.full((180, 320, 3), 60 * index, np.uint8))))
        container.mux(video.encode(None))
    recorder = Recorder(target_seconds=3)
    source, _ = sourced(path, recorder, loop=True)
    all_of(source, most=70)
    segments = recorder.take()

    assert [segment.duration_s for segment in segments[:3]] == pytest.approx([3.0] * 3, abs=0.35)
    assert [segment.discontinuity for segment in segments[:3]] == [True, False, False]
    assert all(len(played(segment).pictures) == round(10 * segment.duration_s) for segment in segments[:3])


@pytest.mark.thorough
def test_a_file_of_another_codec_is_encoded() -> None:
    recorder = Recorder(target_seconds=4)
    source, _ = sourced(recording(PEDESTRIANS), recorder, pace=False)
    all_of(source, most=50)
    segments = recorder.take()

    assert [(segment.duration_s, segment.width, segment.height) for segment in segments[:2]] == [(4.0, 768, 576)] * 2
    assert len(played(segments[1]).pictures) == 40


@pytest.mark.thorough
def test_the_room_of_a_raspberry_pi_is_recorded_as_long_as_it_is_and_each_segment_plays() -> None:
    recorder = Recorder(target_seconds=10)
    source, _ = sourced(recording(ROOM_VISUAL), recorder, pace=False)
    all_of(source)
    segments = recorder.take()

    assert sum(segment.duration_s for segment in segments) == pytest.approx(108.6, abs=0.05)
    assert {round(segment.fps) for segment in segments} == {25}
    for segment in segments:
        seen = played(segment)
        assert seen.pictures[0].key_frame
        assert len(seen.pictures) == round(segment.duration_s * 25)


def broken(path: Path) -> Path:
    path.write_bytes(b"not a video")
    return path


@pytest.mark.parametrize(
    ("make", "reason"), [(lambda path: path, "No such file"), (broken, "Invalid data found")], ids=["missing", "broken"]
)
def test_a_file_that_is_no_video_is_unreachable(make: Callable[[Path], Path], reason: str, tmp_path: Path) -> None:
    source, _ = sourced(make(tmp_path / "clip.mp4"))

    with pytest.raises(SourceUnreachable, match=reason):
        source.open()


def test_reading_before_opening_and_after_closing_is_unreachable(clip: Path) -> None:
    source, _ = sourced(clip)
    with pytest.raises(SourceUnreachable, match="not open"):
        source.read()
    source.open()
    source.close()
    source.close()
    with pytest.raises(SourceUnreachable, match="not open"):
        source.read()


def test_inputs_say_how_they_are_opened() -> None:
    assert rtsp("rtsp://host/a", timeout_s=5).timeout_s == 5
    assert rtsp("rtsp://host/a").options["rtsp_transport"] == "tcp"
    assert rtsp("rtsp://host/a", transport="udp").options["rtsp_transport"] == "udp"
    assert v4l2("/dev/video0", (1280, 720), 5).options == {
        "video_size": "1280x720",
        "framerate": "5",
        "input_format": "mjpeg",
    }
    assert mjpeg("http://host/video").is_jpeg_stream
