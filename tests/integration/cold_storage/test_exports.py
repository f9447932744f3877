"""Exports of hours that only the bucket has, and what they say when it is away."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bus_schemas.footage import Export
from bus_schemas.media import MediaEvent
from bus_schemas.radiometric import RadiometricFrame, encode
from consumers.hub_config import RetentionPolicy
from consumers.store.cold.settings import ColdStorage
from consumers.upkeep.exports.job import run
from consumers.upkeep.exports.order import PROGRESS, ExportOrder, ExportResult
from consumers.upkeep.exports.tables import TableRange
from consumers.upkeep.exports.thermal_frames import write_frames
from tests import builders
from tests.builders import SITE, START, at
from tests.cold_hub import ColdHub
from tests.data_directory import write
from tests.footage import Film, numbers_in, record
from tests.rclone import S3Server


def cold_film(data: Path, storage: ColdStorage) -> ColdHub:
    """Twenty seconds that only the bucket has."""
    record(data, Film(seconds=20))
    hub = ColdHub(data, storage, now=START + timedelta(seconds=20))
    hub.archive(timedelta(hours=7))
    assert hub.packs_on_disk() == []
    return hub


def exported(hub: ColdHub) -> tuple[ExportResult, Path]:
    asked = Export(export_id="cold", state="asked", by="ada", start=at(0), end=at(20), devices=("yard",), form="mp4")
    order = ExportOrder(data=hub.data, site=SITE, asked=hub.now, export=asked, cold=hub.storage)
    # As it reaches the process.
    order = ExportOrder.model_validate_json(order.model_dump_json())
    order.directory.mkdir(parents=True)
    return run(order), order.directory


def test_a_cold_hour_is_exported_from_the_bucket(tmp_path: Path, storage: ColdStorage) -> None:
    result, folder = exported(cold_film(tmp_path, storage))

    assert result.failure is None
    assert numbers_in(folder / result.files[0].name) == list(range(200))
    assert int((folder / PROGRESS).read_text().split()[1]) > 0


def test_an_export_of_what_is_out_of_reach_fails_and_says_so(tmp_path: Path, own_s3: S3Server) -> None:
    hub = cold_film(tmp_path / "data", own_s3.storage(keep_hot=timedelta(hours=6)))
    own_s3.stop()
    result, _ = exported(hub)
    own_s3.start()

    assert result.failure == "the bytes of 2 of 2 segments are gone, damaged or out of reach"


def test_thermal_frames_that_come_from_the_bucket_are_progress_of_their_export(
    tmp_path: Path, storage: ColdStorage
) -> None:
    body = encode(RadiometricFrame(32, 24, [21.5] * 768), 0.01)
    frames = [builders.media(at(second), body, kind="thermal", id=f"f{second}") for second in range(20)]
    write(tmp_path, [(one.time, one) for one in (*frames, builders.tick(at(20)))], dict.fromkeys(keys(frames), body))
    hub = ColdHub(tmp_path, storage, now=at(20))
    hub.hub = replace(hub.hub, retention=RetentionPolicy(media=(("thermal", timedelta(days=30)),)))
    hub.archive(timedelta(hours=7))
    came: list[int] = []
    written = write_frames(tmp_path, hub.hub, TableRange(SITE, ("yard",), at(0), at(20), ZoneInfo("UTC")), came.append)

    assert hub.packs_on_disk() == []
    assert [path.name for path in written] == ["yard_thermal.npy"]
    assert sum(came) >= len(frames) * len(body)


def keys(media: Sequence[MediaEvent]) -> list[str]:
    return [one.data.key for one in media]
