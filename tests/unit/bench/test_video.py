"""The measurement of a recorded segment."""

import pytest

from tests.bench.video import remuxed
from tests.recordings import ROOM_VISUAL, recording


@pytest.mark.thorough
def test_packets_are_recorded_as_they_come() -> None:
    assert len(remuxed(recording(ROOM_VISUAL))) > 5
