"""Exports: cut where they are to be, proved by their manifest, and whole but for what is gone."""

import csv
import io
import json
import shutil
import subprocess
import sys
import zipfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import numpy as np
import pytest

from bus_schemas.footage import Export
from bus_schemas.radiometric import CONTENT_TYPE, RadiometricFrame, encode
from consumers.store.archive.disk import Archive
from consumers.store.archive.reader import ArchiveReader
from consumers.upkeep.exports.job import run
from consumers.upkeep.exports.order import ExportOrder, ExportResult
from consumers.upkeep.exports.room import ExportRoom
from tests import builders
from tests.builders import SITE, START, at
from tests.footage import Film, numbers_in, record
from tests.required import missing

pytestmark = pytest.mark.processes

FILM = Film(seconds=30)
GATE = Film(device="gate", start=START + timedelta(seconds=10), seconds=10)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of one camera, ten seconds of another, and what was measured meanwhile."""
    directory = tmp_path_factory.mktemp("hub")
    extra = [
        builders.thermal(at(5), device="yard", hottest=90.0),
        builders.detection(at(6), people_count=3, id=" @SUM(1)"),
        builders.alert(at(7), message="=cmd|' /C calc'!A0"),
        builders.detection(at(31)),
        builders.detection(at(6), device="gate"),
    ]
    record(directory, FILM, GATE, extra=extra)
    return directory


def order(data: Path, start: float, end: float, **given: Any) -> ExportOrder:
    asked: dict[str, Any] = {
        "export_id": str(uuid4()),
        "state": "asked",
        "by": "ada",
    }
    asked |= {"start": at(start), "end": at(end), "devices": ("yard",), "form": "mp4"}
    made = ExportOrder(data=data, site=SITE, asked=at(100), export=Export.model_validate({**asked, **given}))
    made.directory.mkdir(parents=True)
    return made


def exported(data: Path, start: float, end: float, **given: Any) -> tuple[ExportResult, Path]:
    asked = order(data, start, end, **given)
    result = run(asked)
    assert result.failure is None
    return result, asked.directory / result.files[0].name


def manifest_of(path: Path) -> dict[str, Any]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            found: dict[str, Any] = json.loads(archive.read("manifest.json"))
            return found
    beside: dict[str, Any] = json.loads((path.parent / "manifest.json").read_text())
    return beside


def checked(path: Path) -> subprocess.CompletedProcess[str]:
    """What the script says of an export, with Python alone."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            archive.extract("check_export.py", path.parent)
    return check(path)


def check(path: Path) -> subprocess.CompletedProcess[str]:
    """With the script that lies beside it."""
    script = path.parent / "check_export.py"
    argument = path if path.suffix == ".zip" else path.parent
    return subprocess.run(
        [sys.executable, "-I", str(script), str(argument)], capture_output=True, text=True, check=False
    )


def accepted(path: Path) -> bool:
    """Whether the tools that people have read it without a word of complaint."""
    if shutil.which("ffprobe") is None:
        missing("ffprobe is not installed: apt-get install ffmpeg")
    probe = ["ffprobe", "-v", "warning", "-count_frames", "-show_entries", "stream=nb_read_frames", str(path)]
    found = subprocess.run(probe, capture_output=True, text=True, check=True)
    return found.stderr == ""


def duration_s(path: Path) -> float:
    with av.open(str(path)) as container:
        return float((container.duration or 0) / 1e6)


def test_a_video_begins_with_the_keyframe_before_and_ends_where_it_is_to_end(data: Path) -> None:
    _, path = exported(data, 5.5, 12.5)

    numbers = numbers_in(path)
    assert numbers == list(range(40, 125))
    assert accepted(path)
    assert duration_s(path) == pytest.approx(8.5, abs=0.11)


def test_a_video_that_is_cut_exactly_begins_with_the_very_frame(data: Path) -> None:
    _, path = exported(data, 5.5, 12.5, exact=True)

    assert numbers_in(path) == list(range(55, 125))
    assert accepted(path)
    assert duration_s(path) == pytest.approx(7.0, abs=0.11)


def test_the_pictures_are_those_that_were_recorded(data: Path) -> None:
    """Nothing is encoded again: the coded pictures are in the file as they are in the segments."""
    result, path = exported(data, 0, 30)
    with av.open(str(path)) as container:
        times = [float(packet.pts * packet.time_base) for packet in container.demux(video=0) if packet.pts is not None]

    assert numbers_in(path) == list(range(300))
    assert times == pytest.approx([number / 10 for number in range(300)], abs=0.002)
    assert result.detail is None


def test_the_thermal_frames_of_a_range_are_in_its_zip_and_one_that_is_damaged_is_not(data: Path) -> None:
    body = encode(RadiometricFrame(32, 24, [21.5] * 767 + [90.0]), 0.1)
    frames = [
        builders.media(at(second), kept, kind="thermal", id=f"t{second}", content_type=CONTENT_TYPE)
        for second, kept in ((5, body), (6, body[:60]), (40, body))
    ]
    with Archive(data / "archive", lambda: at(100)) as archive:
        archive.store([(one.data, one.time, body if one.data.size == len(body) else body[:60]) for one in frames])
    _, path = exported(data, 0, 30, form="zip", tables=True, speed=1)
    with zipfile.ZipFile(path) as packed:
        table = np.load(io.BytesIO(packed.read("yard_thermal.npy")))

    assert [str(time) for time in table["time"]] == ["2026-01-05T10:00:05.000"]
    assert table["celsius"][0, 23, 31] == pytest.approx(90.0)
    assert checked(path).returncode == 0


def test_frames_of_a_sensor_of_another_size_have_a_file_of_their_own(data: Path) -> None:
    small = encode(RadiometricFrame(32, 24, [21.5] * 768), 0.1)
    large = encode(RadiometricFrame(160, 120, [35.0] * 19_200), 0.1)
    bodies = {70: small, 71: small, 72: large, 73: large, 74: large}
    frames = [
        builders.media(at(second), kept, kind="thermal", id=f"size{second}", content_type=CONTENT_TYPE)
        for second, kept in bodies.items()
    ]
    with Archive(data / "archive", lambda: at(100)) as archive:
        archive.store([(one.data, one.time, body) for one, body in zip(frames, bodies.values(), strict=True)])
    _, path = exported(data, 65, 80, form="zip", tables=True, speed=1)
    with zipfile.ZipFile(path) as packed:
        tables = [np.load(io.BytesIO(packed.read(name))) for name in ("yard_thermal.npy", "yard_thermal_160x120.npy")]

    assert [one["celsius"].shape for one in tables] == [(2, 24, 32), (3, 120, 160)]
    assert [float(one["celsius"].max()) for one in tables] == pytest.approx([21.5, 35.0])
    assert checked(path).returncode == 0


def test_a_week_later_the_thermal_range_of_a_sensor_without_video_is_exported_and_the_script_confirms_it(
    tmp_path: Path,
) -> None:
    body = encode(RadiometricFrame(32, 24, [21.5] * 767 + [90.0]), 0.1)
    frames = [
        builders.media(at(60 * minute), body, device="oven", kind="thermal", id=f"t{minute}", content_type=CONTENT_TYPE)
        for minute in range(10)
    ]
    judged = {"peak_temp": 92.5, "confirmed_max_temp": 91.25}
    measured = [builders.thermal(at(60 * minute), device="oven", hottest=90.0, **judged) for minute in range(10)]
    record(tmp_path, FILM, extra=measured)
    with Archive(tmp_path / "archive", lambda: at(600)) as archive:
        archive.store([(one.data, one.time, body) for one in frames])
    asked = order(tmp_path, 120, 420, form="zip", devices=("oven",), tables=True)
    result = run(asked.model_copy(update={"asked": START + timedelta(days=7)}))
    path = asked.directory / result.files[0].name
    with zipfile.ZipFile(path) as packed:
        table = np.load(io.BytesIO(packed.read("oven_thermal.npy")))
        rows = list(csv.DictReader(packed.read("temperatures.csv").decode().splitlines()))
    nothing = run(order(tmp_path, 700, 800, form="zip", devices=("oven",), tables=True))

    assert (result.failure, result.detail) == (None, None)
    assert [str(time) for time in table["time"]] == [f"2026-01-05T10:{minute:02d}:00.000" for minute in range(2, 7)]
    whole = [(row["max_c"], row["peak_c"], row["confirmed_c"]) for row in rows if row["region"] == ""]
    assert whole == [("90.0", "92.5", "91.25")] * 5
    assert {file["name"] for file in manifest_of(path)["files"]} >= {"oven_thermal.npy", "temperatures.csv"}
    assert checked(path).returncode == 0
    assert nothing.failure == "nothing was recorded or measured then"


def test_reordered_pictures_are_shown_in_their_order(tmp_path: Path) -> None:
    record(tmp_path, Film(seconds=20, reordered=True))
    _, path = exported(tmp_path, 4, 15)
    _, exact = exported(tmp_path, 5, 15, exact=True)

    assert numbers_in(path)[0] == 40
    assert numbers_in(path) == sorted(numbers_in(path))
    assert numbers_in(exact)[0] == 50
    assert accepted(path)
    assert accepted(exact)


def test_h265_is_exported_as_it_is(tmp_path: Path) -> None:
    record(tmp_path, Film(seconds=10, codec="libx265"))
    _, path = exported(tmp_path, 0, 10)
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context.name

    assert codec == "hevc"
    assert accepted(path)
    assert len(numbers_in(path)) == 100


def test_the_manifest_names_segments_events_and_times_and_the_script_confirms_it(data: Path) -> None:
    result, path = exported(data, 5.5, 25, by="ada")
    manifest = manifest_of(path)
    (device,) = manifest["devices"]
    with ArchiveReader(data / "archive") as archive:
        recorded = {one["key"]: archive.find(one["key"]) for one in device["segments"]}
    confirmed = checked(path)

    assert (manifest["asked_by"], manifest["time_zone"], manifest["from"]) == (
        "ada", "Europe/Berlin", "2026-01-05T10:00:05.500Z",
    )  # fmt: skip
    assert [one["sha256"] for one in device["segments"]] == [one.sha256 for one in recorded.values() if one]
    assert all(one["event_id"] for one in device["segments"])
    assert [one["at_s"] for one in device["segments"]] == [0.0, 6.0, 16.0]
    assert device["holes"] == []
    assert manifest["files"] == [result.files[0].model_dump()]
    assert result.files[0].sha256 == sha256(path.read_bytes()).hexdigest()
    assert confirmed.returncode == 0, confirmed.stdout
    assert "nothing wrong" in confirmed.stdout


def test_several_devices_are_a_zip_with_originals_tables_and_a_script(data: Path) -> None:
    result, path = exported(data, 0, 30, form="zip", devices=("yard", "gate"), originals=True, tables=True)
    manifest = manifest_of(path)
    confirmed = checked(path)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        rows = {
            name: list(csv.DictReader(archive.read(f"{name}.csv").decode().splitlines()))
            for name in ("temperatures", "detections", "alerts")
        }

    assert {"yard.mp4", "gate.mp4", "temperatures.csv", "check_export.py", "manifest.json"} <= set(names)
    assert sum(name.startswith("originals/") for name in names) == 4
    assert [one["device"] for one in manifest["devices"]] == ["yard", "gate"]
    assert manifest["devices"][1]["holes"] == [
        {"from": "2026-01-05T10:00:00.000Z", "to": "2026-01-05T10:00:10.000Z"},
        {"from": "2026-01-05T10:00:20.000Z", "to": "2026-01-05T10:00:30.000Z"},
    ]
    assert [(row["region"], row["max_c"]) for row in rows["temperatures"]] == [("", "90.0"), ("full_frame", "90.0")]
    assert sorted((row["device"], row["people"]) for row in rows["detections"]) == [("gate", "1"), ("yard", "3")]
    assert [row["event_id"] for row in rows["detections"] if row["device"] == "yard"] == ["' @SUM(1)"]
    assert rows["alerts"][0]["message"] == "'=cmd|' /C calc'!A0"
    assert confirmed.returncode == 0, confirmed.stdout
    assert result.detail is None


def test_a_device_that_recorded_nothing_then_is_named(data: Path) -> None:
    result, _ = exported(data, 0, 9, form="zip", devices=("yard", "gate"))

    assert result.detail == "no video of gate was recorded then"


def test_the_script_finds_what_was_changed(data: Path) -> None:
    _, path = exported(data, 0, 9)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    confirmed = checked(path)
    assert confirmed.returncode == 1
    assert "1 wrong" in confirmed.stdout


def test_the_script_names_the_damaged_file_of_a_zip_and_says_which_zip_is_no_whole_one(data: Path) -> None:
    _, path = exported(data, 0, 9, form="zip")
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        archive.extract("check_export.py", path.parent)
    damaged = bytearray(whole)
    damaged[len(damaged) // 4] ^= 1
    path.write_bytes(damaged)
    of_damaged = check(path)
    path.write_bytes(whole[: len(whole) // 2])
    of_half = check(path)

    assert (of_damaged.returncode, of_half.returncode) == (1, 1)
    assert "yard.mp4 cannot be read: Bad CRC-32" in of_damaged.stdout
    assert "1 wrong" in of_damaged.stdout
    assert of_half.stdout.startswith(f"{path} cannot be checked, because its manifest cannot be read: ")
    assert (of_damaged.stderr, of_half.stderr) == ("", "")


def test_a_segment_whose_bytes_are_gone_is_left_out_and_said(tmp_path: Path) -> None:
    first, second, third = record(tmp_path, Film(seconds=30))
    with ArchiveReader(tmp_path / "archive") as archive:
        stored = archive.find(second)
    assert stored is not None
    with stored.pack.open("r+b") as pack:
        pack.seek(stored.offset + stored.size // 2)
        pack.write(b"\0" * 64)
    result, path = exported(tmp_path, 0, 30)
    (device,) = manifest_of(path)["devices"]

    assert numbers_in(path) == [*range(100), *range(200, 300)]
    assert result.detail == "the bytes of 1 of 3 segments are gone, damaged or out of reach"
    assert [(one["bytes"], one["file"] is not None, one["at_s"]) for one in device["segments"]] == [
        ("intact", True, 0.0), ("damaged", False, None), ("intact", True, 10.0),
    ]  # fmt: skip
    assert device["holes"] == [{"from": "2026-01-05T10:00:10.000Z", "to": "2026-01-05T10:00:20.000Z"}]
    assert [one["key"] for one in device["segments"]] == [first, second, third]


def test_another_picture_size_begins_another_file(tmp_path: Path) -> None:
    wide = Film(start=START + timedelta(seconds=10), seconds=10, width=384, height=192)
    record(tmp_path, Film(seconds=10), wide)
    _, path = exported(tmp_path, 0, 20)

    assert path.suffix == ".zip"
    with zipfile.ZipFile(path) as archive:
        assert {"yard.mp4", "yard.2.mp4"} <= set(archive.namelist())


def test_a_second_file_of_a_device_has_the_name_of_no_other_device(tmp_path: Path) -> None:
    wide = Film(start=START + timedelta(seconds=10), seconds=10, width=384, height=192)
    record(tmp_path, Film(seconds=10), wide, Film(device="yard-2", seconds=20))
    _, path = exported(tmp_path, 0, 20, form="zip", devices=("yard", "yard-2"))
    files = {one["device"]: {segment["file"] for segment in one["segments"]} for one in manifest_of(path)["devices"]}

    assert files == {"yard": {"yard.mp4", "yard.2.mp4"}, "yard-2": {"yard-2.mp4"}}
    assert checked(path).returncode == 0


@pytest.mark.thorough
def test_a_grid_shows_each_device_in_its_own_time(data: Path) -> None:
    _, path = exported(data, 5, 15, form="grid", devices=("yard", "gate"))
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]

    assert len(frames) == 100
    assert frames[0].shape == (540, 1920)
    assert accepted(path)
    gate = [bool(frame[300:500, 960:].max() > 60) for frame in frames]
    assert not any(gate[:50])
    assert all(gate[52:])


def test_a_timelapse_is_as_much_faster_as_it_says(data: Path) -> None:
    _, path = exported(data, 0, 30, form="timelapse", speed=10)

    assert duration_s(path) == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize(("device", "start"), [("hall", 0), ("yard", 500)])
def test_an_export_of_nothing_fails_with_a_sentence(data: Path, device: str, start: float) -> None:
    asked = order(data, start, start + 29, form="grid", devices=(device,))

    assert run(asked).failure == "nothing was recorded then"


def test_an_export_that_the_disk_has_no_room_for_is_not_begun(data: Path) -> None:
    full = order(data, 1, 29).model_copy(update={"room": ExportRoom(threshold_percent=0.0)})

    assert "the disk has room for 0.00 GB" in str(run(full).failure)


def test_a_hub_without_a_view_says_so(tmp_path: Path) -> None:
    assert run(order(tmp_path, 0, 5)).failure == "the hub does not know yet what was recorded"
