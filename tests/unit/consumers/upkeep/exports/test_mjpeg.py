"""MJPEG that was kept as it was sent is exported as it was sent."""

from pathlib import Path

import av
import pytest

from bus_schemas.footage import Export
from consumers.upkeep.exports.job import run
from consumers.upkeep.exports.order import ExportOrder
from tests.builders import SITE, START, at
from tests.cameras.media import jpeg
from tests.footage import Recorded, keep
from tests.mjpeg_recording import MJPEG_FPS, mjpeg_segments

SENT = [jpeg(number) for number in range(8 * MJPEG_FPS)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("hub")
    keep(
        directory,
        [
            Recorded("yard", one.start, one.duration_s, one.data, one.discontinuity, one.codec, one.content_type)
            for one in mjpeg_segments(SENT, START)
        ],
    )
    return directory


def exported(data: Path, **given: object) -> Path:
    asked = {"export_id": f"e-{given['form']}", "state": "asked", "by": "ada", "start": at(2), "end": at(6)}
    export = Export.model_validate({**asked, "devices": ("yard",), **given})
    order = ExportOrder(data=data, site=SITE, asked=at(100), export=export)
    order.directory.mkdir(parents=True)
    result = run(order)
    assert result.failure is None
    return order.directory / result.files[0].name


def test_an_exported_video_holds_the_very_pictures_of_its_range(data: Path) -> None:
    with av.open(str(exported(data, form="mp4"))) as container:
        video = container.streams.video[0]
        found = [bytes(one) for one in container.demux(video) if one.size]
        codec = video.codec_context.name

    assert codec == "mjpeg"
    assert found == SENT[2 * MJPEG_FPS : 6 * MJPEG_FPS]


def test_a_timelapse_is_drawn_of_them(data: Path) -> None:
    with av.open(str(exported(data, form="timelapse", speed=4))) as container:
        pictures = list(container.decode(video=0))

    assert len(pictures) == 25
    assert pictures[10].to_ndarray(format="gray").max() > 100
