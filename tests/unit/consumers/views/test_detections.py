"""What was detected of late."""

from pathlib import Path

from consumers.views.detections import DetectionsProjection, detections
from tests.builders import at, detection
from tests.following import Followed


def test_detections_come_newest_first(tmp_path: Path) -> None:
    with Followed(DetectionsProjection(), tmp_path) as followed:
        followed.take(
            detection(at(5), people_count=5), detection(at(1), people_count=1), detection(at(9), device="gate")
        )
        found = detections(followed.view, "DEMO", "yard", at(0), at(60))

    assert [each.data["people_count"] for each in found] == [5, 1]
