"""Loudness by the minute."""

from pathlib import Path

from consumers.views.audio import AudioProjection, loudness
from tests.builders import at, frame
from tests.following import Followed


def test_loudness_leaves_out_what_nobody_could_hear(tmp_path: Path) -> None:
    with Followed(AudioProjection(), tmp_path) as followed:
        followed.take(frame(at(0), mean_volume_db=-20.0, volume_percentage=66), frame(at(1), mean_volume_db=None))
        followed.take(frame(at(2), mean_volume_db=-30.0, volume_percentage=50))
        (point,) = loudness(followed.view, "DEMO", "yard", at(0), at(60))

    assert (point.mean_db, point.volume_percent) == (-25.0, 58.0)
