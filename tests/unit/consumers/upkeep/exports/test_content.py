"""What a camera sent may be anything: sound that it names and never sends, pictures that cannot be decoded."""

import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import av
import numpy as np
import pytest
from av.packet import Packet

from bus_schemas.footage import Export
from consumers.upkeep.exports.job import Progress, prepared, run
from consumers.upkeep.exports.order import PROGRESS, ExportOrder, ExportResult
from consumers.upkeep.exports.render import (
    HELD_S,
    LONGEST_HELD_S,
    NO_RECORDING,
    NOT_SHOWN,
    DecodedPicture,
    DevicePictures,
    Rendering,
)
from consumers.upkeep.exports.runs import RunSource
from consumers.upkeep.exports.sound_form import OTHER, SoundForm, sound_form
from consumers.views.mosaics.lettering import lettering
from edge.capture.bitstream import Unit
from edge.capture.encoder import AudioEncoder
from edge.capture.mpegts import Layout, muxed
from tests.builders import SITE, START, at
from tests.footage import CLOCK, Film, Recorded, coded, keep, numbered_picture
from tests.footage import muxed as muxed_pictures
from tests.memory_journal import MemoryJournal

FILM = Film(seconds=10)


def sounding(number: int, rate: int | None, *, named: int | None = 8000, late_s: float = 0.0) -> bytes:
    """Ten seconds of video with sound of a rate, or with none although it is named; the sound lies so much later in the
    file than the pictures that it belongs to.
    """
    units = [Unit("video", bytes(one), one.pts, one.dts, 9000, one.is_keyframe, START) for one in coded(FILM)]
    if rate is not None:
        noise = np.random.default_rng(1).integers(-3000, 3000, (rate * FILM.seconds, 1)).astype(np.int16)
        units += AudioEncoder(rate, 1).encode(noise, rate, 0, START)
    shift = (10 + number * FILM.seconds) * CLOCK
    late = {"video": 0, "audio": round(late_s * CLOCK)}
    units.sort(key=lambda unit: unit.dts + late[unit.kind])
    return muxed(units, Layout(FILM.width, FILM.height, named), shift)


def exported(data: Path, bodies: Sequence[bytes], begins: Sequence[int] = (0,), **given: Any) -> Path:
    """The folder of an export of segments that follow each other; `begins` are those at which a connection does."""
    keep(data, [
        Recorded("yard", START + timedelta(seconds=10 * number), 10.0, body, number in begins)
        for number, body in enumerate(bodies)
    ])  # fmt: skip
    asked = order(data, len(bodies) * 10, **given)
    result = run(asked)
    assert (result.failure, result.detail) == (None, None)
    return asked.directory


def order(data: Path, seconds: float, **given: Any) -> ExportOrder:
    asked: dict[str, Any] = {"export_id": str(uuid4()), "state": "asked", "by": "ada", "form": "mp4"}
    asked |= {"start": START, "end": at(seconds), "devices": ("yard",), **given}
    made = ExportOrder(data=data, site=SITE, asked=at(100), export=Export.model_validate(asked))
    made.directory.mkdir(parents=True)
    return made


def tracks(path: Path) -> tuple[int, int | None]:
    """The pictures of a file, and the rate of its sound."""
    with av.open(str(path)) as container:
        sound = next(iter(container.streams.audio), None)
        pictures = sum(1 for _ in container.decode(video=0))
        return pictures, None if sound is None else sound.codec_context.sample_rate


@pytest.mark.parametrize(
    ("rates", "begins", "expected"),
    [
        pytest.param([None, None], (0,), [(200, None)], id="never any"),
        pytest.param([8000, None, 8000], (0,), [(300, 8000)], id="a pause"),
        pytest.param([None, 8000, 8000], (0,), [(100, None), (200, 8000)], id="late"),
        pytest.param([8000, 16000], (0, 1), [(100, 8000), (100, 16000)], id="another rate"),
    ],
)
def test_sound_that_is_named_costs_no_picture(
    tmp_path: Path, rates: list[int | None], begins: tuple[int, ...], expected: list[tuple[int, int | None]]
) -> None:
    folder = exported(tmp_path, [sounding(number, rate) for number, rate in enumerate(rates)], begins, form="zip")
    with zipfile.ZipFile(next(folder.glob("*.zip"))) as archive:
        archive.extractall(folder)
        segments = json.loads(archive.read("manifest.json"))["devices"][0]["segments"]

    assert [tracks(path) for path in sorted(folder.glob("yard*.mp4"), key=lambda one: (len(one.name), one.name))] == (
        expected
    )
    assert all(one["file"] for one in segments)


def sound_times(file: Path | BytesIO) -> list[float]:
    """When each packet of sound is to be heard."""
    with av.open(file, "r") as container:
        return [float(one.pts * one.time_base) for one in container.demux(audio=0) if one.pts is not None]


@pytest.mark.parametrize("late_s", [-1.5, 0.0, 1.5])
def test_sound_that_comes_before_or_after_its_pictures_is_cut_where_they_are(tmp_path: Path, late_s: float) -> None:
    body = sounding(0, 8000, late_s=late_s)
    folder = exported(tmp_path, [body], start=at(4), end=at(7), exact=True)
    times = sound_times(next(folder.glob("*.mp4")))

    a_packet_s = 1024 / 8000
    assert min(times) <= a_packet_s
    assert 3 - 2 * a_packet_s <= max(times) < 3
    assert max(after - before for before, after in pairwise(times)) == pytest.approx(a_packet_s, abs=0.01)


def test_sound_that_comes_before_the_first_picture_is_exported(tmp_path: Path) -> None:
    body = sounding(0, 8000, late_s=-1.5)
    folder = exported(tmp_path, [body])

    assert len(sound_times(next(folder.glob("*.mp4")))) >= len(sound_times(BytesIO(body))) - 1


def test_damaged_sound_costs_itself_alone(tmp_path: Path) -> None:
    body = bytearray(sounding(0, 8000))
    for place in range(0, len(body), 188 * 3):
        if body[place + 1] & 31 == 1 and body[place + 2] == 1:
            body[place + 30 : place + 150] = bytes(120)
    folder = exported(tmp_path, [bytes(body), sounding(1, 8000)])

    assert tracks(next(folder.glob("*.mp4"))) == (200, 8000)


def damaged(seconds: int, share: Callable[[int], bool]) -> bytes:
    film = Film(seconds=seconds)
    packets = []
    for number, packet in enumerate(coded(film)):
        sent: Any = Packet(bytes(packet)[:5] if share(number) else bytes(packet))
        sent.pts, sent.dts, sent.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
        packets.append(sent)
    return muxed_pictures(packets, film)


def test_a_picture_that_cannot_be_decoded_does_not_end_what_is_drawn(tmp_path: Path) -> None:
    folder = exported(tmp_path, [damaged(10, lambda number: number == 5)], form="timelapse", speed=10)
    with av.open(str(next(folder.glob("*.mp4")))) as container:
        brightest = [int(frame.to_ndarray(format="gray")[:600].max()) for frame in container.decode(video=0)]

    assert len(brightest) == 25
    assert min(brightest[3:]) > 100


def test_a_segment_without_a_picture_is_in_no_video_and_the_export_says_so(tmp_path: Path) -> None:
    keep(tmp_path, [
        Recorded("yard", START, 10.0, sounding(0, None), begins_run=True),
        Recorded("yard", at(10), 10.0, bytes(range(188)) * 40, begins_run=False),
        Recorded("yard", at(20), 10.0, sounding(2, None), begins_run=False),
    ])  # fmt: skip
    found: dict[str, ExportResult] = {}
    for form, speed in (("mp4", 1), ("timelapse", 10)):
        asked = order(tmp_path, 30, form=form, speed=speed)
        found[form] = run(asked)
        segments = json.loads((asked.directory / "manifest.json").read_text())["devices"][0]["segments"]
        assert [one["file"] is not None for one in segments] == [True, False, True]

    assert {one.detail for one in found.values()} == {"1 of 3 segments cannot be read"}


@pytest.mark.parametrize(("form", "speed"), [("grid", 1), ("timelapse", 10)])
def test_of_what_cannot_be_shown_no_black_video_is_made(tmp_path: Path, form: str, speed: int) -> None:
    keep(tmp_path, [Recorded("yard", START, 10.0, bytes(range(188)) * 40, begins_run=True)])

    assert run(order(tmp_path, 10, form=form, speed=speed)).failure == "1 of 1 segments cannot be read"


def test_where_there_is_no_picture_it_says_whether_it_was_recorded(tmp_path: Path) -> None:
    keep(tmp_path, [
        Recorded("yard", at(5), 10.0, sounding(0, None), begins_run=True),
        Recorded("yard", at(30), 10.0, sounding(2, None), begins_run=True),
    ])  # fmt: skip
    (one,) = prepared(order(tmp_path, 60), MemoryJournal()).footage
    pictures = DevicePictures("Yard", RunSource(iter(())), one.segments, keyframes_only=False)
    reasons = [pictures.reason_at((START + timedelta(seconds=second)).timestamp()) for second in (0, 7, 20, 31, 50)]

    assert reasons == [NO_RECORDING, NOT_SHOWN, NO_RECORDING, NOT_SHOWN, NO_RECORDING]


def test_a_picture_stands_until_the_next_one_of_a_slow_camera() -> None:
    shown = DecodedPicture(moment=100.0, segment_end=110.0, frame=numbered_picture(1))

    assert shown.is_shown(109.9, HELD_S)
    assert not shown.is_shown(110.1, HELD_S)
    assert replace(shown, segment_end=100.5).is_shown(101.9, HELD_S)
    assert not replace(shown, segment_end=200.0).is_shown(100.1 + LONGEST_HELD_S, HELD_S)


def test_how_far_a_drawing_is_counts_its_pictures(tmp_path: Path) -> None:
    """Of a day of which ten seconds were recorded, the segments are done at once and the drawing takes hours."""
    keep(tmp_path, [Recorded("yard", START, 10.0, sounding(0, None), begins_run=True)])
    asked = order(tmp_path, 86_400, form="grid", speed=1)
    steps = prepared(asked, MemoryJournal()).progress.steps

    assert steps == 1 + 864_000
    progress = Progress(asked.directory / PROGRESS, steps)
    progress.step()
    share, received = (asked.directory / PROGRESS).read_text().split()

    assert 0 < float(share) < 0.001
    assert received == "0"


def test_bytes_that_come_from_cold_storage_are_progress_before_a_segment_is_whole(tmp_path: Path) -> None:
    progress = Progress(tmp_path / PROGRESS, steps=4)
    progress.receive(1000)

    assert (tmp_path / PROGRESS).read_text() == "0.000000 1000"


def test_a_name_is_drawn_with_its_letters() -> None:
    assert not np.array_equal(lettering("Tür", 18, 200), lettering("T?r", 18, 200))


def test_what_cannot_be_written_is_a_failure_of_the_disk(tmp_path: Path) -> None:
    keep(tmp_path, [Recorded("yard", START, 10.0, sounding(0, None), begins_run=True)])
    asked = order(tmp_path, 10)
    asked.directory.rmdir()

    assert run(asked).failure == "its files cannot be written: No such file or directory"


def test_the_form_of_sound_is_read_from_its_first_frame() -> None:
    assert sound_form(sounding(0, 16000)) == SoundForm(8, 1)
    assert sound_form(sounding(0, None)) is None
    assert sound_form(b"no transport stream") is None
    assert OTHER not in (None, SoundForm(8, 1))


def transport_packet(content: bytes, *, begins: bool = True, stuffing: int | None = None) -> bytes:
    """One packet of a transport stream; `stuffing` is the length of its adaptation field."""
    flags = 0x40 if begins else 0
    head = bytes([0x47, flags, 0x11, 0x10 if stuffing is None else 0x30])
    field = b"" if stuffing is None else bytes([stuffing]) + b"\xff" * stuffing
    return (head + field + content)[:188].ljust(188, b"\xff")


ADTS = bytes([0xFF, 0xF1, 0x50, 0x80])


@pytest.mark.parametrize("header", [0, 5, 10])
@pytest.mark.parametrize("stuffing", [None, 0, 7, 150])
def test_sound_is_found_behind_every_kind_of_header(header: int, stuffing: int | None) -> None:
    unit = bytes([0, 0, 1, 0xC0, 0, 0, 0x80, 0, header]) + b"\xff" * header + ADTS
    video = transport_packet(bytes([0, 0, 1, 0xE0, 0, 0, 0x80, 0, 0]))
    later = transport_packet(unit, begins=False)

    assert sound_form(video + later + transport_packet(unit, stuffing=stuffing) + video) == SoundForm(4, 2)
    assert sound_form(video + later) is None


def test_sound_whose_header_is_cut_off_is_of_no_known_form() -> None:
    unit = bytes([0, 0, 1, 0xC0, 0, 0, 0x80, 0, 200]) + ADTS

    assert sound_form(transport_packet(unit)) == OTHER
    assert [sound_form(transport_packet(unit, stuffing=length)) for length in (178, 180, 183)] == [None] * 3


def test_moments_are_as_many_as_pictures() -> None:
    wanted = Rendering(START, at(30), 10, ZoneInfo("UTC"))

    assert len(list(wanted.moments())) == wanted.pictures == 75
