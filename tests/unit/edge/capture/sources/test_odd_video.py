"""Video files that are odd or damaged: turned, of a strange rate, of two sizes, or broken."""

from datetime import datetime
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
from edge.capture.sources.source import Samples, SourceUnreachable, StreamReport
from tests.segment_player import played
from tests.video_files import all_of, frames_of, sourced

SIZES = ((320, 180), (160, 96))


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
