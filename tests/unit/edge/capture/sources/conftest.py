"""A video file of the usual kind."""

from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from edge.analysis.pictures import frame_of


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
