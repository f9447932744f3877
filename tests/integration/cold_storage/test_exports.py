"""Exports of hours that only the bucket has, and what they say when it is away."""

from datetime import timedelta
from pathlib import Path

from bus_schemas.footage import Export
from consumers.store.cold.settings import ColdStorage
from consumers.upkeep.exports.job import run
from consumers.upkeep.exports.order import PROGRESS, ExportOrder, ExportResult
from tests.builders import SITE, START, at
from tests.cold_hub import ColdHub
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
