"""Video files as sources, read and recorded."""

from collections.abc import Callable
from datetime import datetime, timedelta
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
from edge.capture.encoder import Encoding
from edge.capture.recorder import Recorder
from edge.capture.sources.inputs import mjpeg, rtsp, v4l2, video_file
from edge.capture.sources.source import CameraFrame, Reading, Samples, SourceEnded, SourceUnreachable, StreamReport
from edge.capture.sources.video import VideoSource
from tests.recordings import PEDESTRIANS, ROOM_VISUAL, recording
from tests.segment_player import played
from tests.simulated_clock import SimulatedClock

SIZES = ((320, 180), (160, 96))


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of H.264 at 10 fps with a keyframe each second, and AAC."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    with av.open(str(path), "w") as container:
        video: VideoStream = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        video.options = {"g": "10", "bf": "2"}
        audio: AudioStream = container.add_stream("aac", rate=16_000)
        for index in range(40):
            container.mux(video.encode(frame_of(np.full((180, 320, 3), 20 + 5 * index, np.uint8))))
        for index in range(62):
            tone = 0.3 * np.sin(2 * np.pi * 300 * (np.arange(1024) + 1024 * index) / 16_000)
            sound = AudioFrame.from_ndarray(tone.astype(np.float32).reshape(1, -1), format="fltp", layout="mono")
            sound.sample_rate, sound.pts = 16_000, 1024 * index
            container.mux(audio.encode(sound))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def all_of(source: VideoSource, most: int = 10_000) -> list[Reading]:
    readings: list[Reading] = []
    source.open()
    try:
        while len(readings) < most:
            reading = source.read()
            readings += [reading] if reading else []
    except SourceEnded:
        pass
    source.close()
    return readings


def frames_of(readings: list[Reading]) -> list[CameraFrame]:
    return [reading for reading in readings if isinstance(reading, CameraFrame)]


def sourced(path: Path, recorder: Recorder | None = None, **options: bool) -> tuple[VideoSource, SimulatedClock]:
    clock = SimulatedClock()
    return VideoSource(
        video_file(str(path), **options), clock, clock.pause, recorder, analysis_fps=5, elapsed=clock.elapsed
    ), clock


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


def test_a_raw_stream_without_timestamps_is_recorded_at_its_rate(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "raw.h264"
    with av.open(str(clip)) as source, av.open(str(path), "w", format="h264") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    recorder = Recorder(target_seconds=2)
    video, _ = sourced(path, recorder, pace=False)
    frames = frames_of(all_of(video))
    segments = recorder.take()

    # Such a file says no rate: 25 pictures a second are taken for granted.
    assert len(frames) == 8
    assert sum(segment.duration_s for segment in segments) == pytest.approx(1.6, abs=0.1)
    assert sum(len(played(segment).pictures) for segment in segments) == 40


def test_a_file_that_lies_on_its_side_is_turned(tmp_path: Path) -> None:
    path = tmp_path / "portrait.mp4"
    with av.open(str(path), "w") as container:
        video: VideoStream = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        video.set_display_rotation(90)
        for _ in range(20):
            picture = np.zeros((180, 320, 3), np.uint8)
            picture[:, 160:] = 255
            container.mux(video.encode(frame_of(picture)))
        container.mux(video.encode(None))
    recorder = Recorder(target_seconds=10)
    source, _ = sourced(path, recorder, pace=False)
    frames = frames_of(all_of(source))
    (segment,) = recorder.take()
    (first, *_) = played(segment).pictures

    assert {(frame.picture.width, frame.picture.height) for frame in frames} == {(180, 320)}
    assert (segment.width, segment.height) == (first.width, first.height) == (180, 320)
    assert first.to_ndarray(format="gray")[:100].mean() > 200
    assert first.to_ndarray(format="gray")[-100:].mean() < 50


def test_sound_of_a_rate_that_aac_does_not_have_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "odd.avi"
    with av.open(str(path), "w") as container:
        video: VideoStream = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        audio: AudioStream = container.add_stream("pcm_s16le", rate=20_000, layout="mono")
        for _ in range(40):
            container.mux(video.encode(frame_of(np.full((180, 320, 3), 90, np.uint8))))
            tone = 9000 * np.sin(2 * np.pi * 300 * np.arange(2000) / 20_000)
            sound = AudioFrame.from_ndarray(tone.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
            sound.sample_rate = 20_000
            container.mux(audio.encode(sound))
        container.mux(video.encode(None))
    recorder = Recorder(target_seconds=10)
    source, _ = sourced(path, recorder, pace=False)
    readings = all_of(source)
    (segment,) = recorder.take()

    assert {reading.rate for reading in readings if isinstance(reading, Samples)} == {20_000}
    assert played(segment).sound_s == pytest.approx(4, abs=0.3)


def test_damaged_packets_cost_themselves_and_are_told(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.ts"
    with av.open(str(clip)) as source, av.open(str(path), "w", format="mpegts") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    data, random = bytearray(path.read_bytes()), np.random.default_rng(3)
    for start in range(20 * 188, len(data), 9 * 188):
        data[start + 20 : start + 188] = random.integers(0, 256, 168, dtype=np.uint8).tobytes()
    path.write_bytes(bytes(data))
    recorder = Recorder(target_seconds=10)
    video, _ = sourced(path, recorder, pace=False)
    frames = frames_of(all_of(video))
    segments = recorder.take()

    assert len(frames) > 10
    assert sum(segment.duration_s for segment in segments) == pytest.approx(4, abs=0.3)


def test_a_file_of_which_nothing_can_be_decoded_is_unreachable_with_a_sentence(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.mp4"
    data = bytearray(clip.read_bytes())
    start, end = data.find(b"mdat") + 4, data.find(b"moov") - 4
    data[start:end] = bytes(end - start)
    path.write_bytes(bytes(data))
    source, _ = sourced(path, loop=True)

    with pytest.raises(SourceUnreachable, match="no picture that can be decoded"):
        all_of(source)


def test_the_camera_s_own_rate_is_reported_beside_the_frames_that_are_analysed(clip: Path) -> None:
    source, _ = sourced(clip, loop=True)
    reports = [reading for reading in all_of(source, most=60) if isinstance(reading, StreamReport)]

    with av.open(str(clip)) as container:
        sizes = [packet.size for packet in container.demux(video=0) if packet.size]
    bits_per_s = reports[0].bits_per_s
    assert (reports[0].fps, reports[0].codec) == (10.0, "h264")
    assert bits_per_s is not None
    assert bits_per_s == pytest.approx(8 * sum(sizes) / 4, rel=0.3)


class Failing(Recorder):
    """A recorder that cannot take every tenth picture."""

    def packet(self, packet: Any, time: datetime) -> None:
        if packet.stream.type == "video" and packet.pts // 9000 % 10 == 3:
            raise ZeroDivisionError("of the recorder")
        super().packet(packet, time)


def of_two_sizes(path: Path) -> Path:
    """Two seconds of one picture size and two of another, in one stream, as a camera sends whose settings change."""
    with av.open(str(path), "w", format="mpegts") as container:
        stream: VideoStream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = *SIZES[0], "yuv420p"
        for index in range(40):
            width, height = SIZES[index // 20]
            if index % 20 == 0:
                encoder: Any = av.CodecContext.create("libx264", "w")
                encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
                encoder.time_base, encoder.options = Fraction(1, 10), {"g": "10", "tune": "zerolatency"}
            picture = frame_of(np.full((height, width, 3), 20 + 5 * index, np.uint8))
            picture.pts, picture.time_base = index, Fraction(1, 10)
            for packet in encoder.encode(picture):
                packet.stream = stream
                container.mux(packet)
    return path


@pytest.mark.parametrize("passed", [frozenset({"h264"}), frozenset()], ids=["as they are sent", "encoded"])
def test_another_picture_size_begins_another_run(passed: frozenset[str], tmp_path: Path) -> None:
    recorder = Recorder(10, Encoding(passed=passed))
    source, _ = sourced(of_two_sizes(tmp_path / "sizes.ts"), recorder)
    all_of(source)
    recorder.finish()
    found = recorder.take()

    assert [(segment.width, segment.height) for segment in found] == [*SIZES]
    assert [segment.discontinuity for segment in found] == [True, True]
    for segment, size in zip(found, SIZES, strict=True):
        pictures = played(segment).pictures
        assert {(picture.width, picture.height) for picture in pictures} == {size}
        assert len(pictures) == 20


def test_any_failure_over_a_packet_costs_that_packet(clip: Path) -> None:
    recorder = Failing(target_seconds=10)
    source, _ = sourced(clip, recorder, pace=False)

    assert len(frames_of(all_of(source))) == 20
