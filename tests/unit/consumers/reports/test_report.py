"""Reports: one page that needs nothing else, with pictures, values, incidents, alerts and comments, all escaped."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import simplejpeg

from bus_schemas.footage import Export
from consumers.alerting.projection import AlertingProjection
from consumers.reports import minutes
from consumers.reports.content import Report, ReportMinute, ReportMinutes
from consumers.reports.job import run
from consumers.reports.page import page
from consumers.upkeep.exports.order import ExportOrder, ExportResult
from consumers.views.mosaics import past_tiles, projection, ring
from tests import builders
from tests.builders import SITE, at, tick
from tests.data_directory import fold, write
from tests.minute_site import GREEN, RED

SCRIPT = "<script>alert(1)</script>"


class Addresses(HTMLParser):
    """The tags of a page, and every address that it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href", "srcset") and value is not None]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three minutes of a camera with a name that is a script; in the second its picture was black."""
    directory = tmp_path_factory.mktemp("hub")
    events: list[Any] = [builders.registry(at(-60), origin="page", by="ada", name=SCRIPT), tick(at(0))]
    payloads = {}
    for minute, picture in enumerate((GREEN, RED, GREEN)):
        medium = builders.media(at(60 * minute + 5), picture, id=f"t{minute}")
        payloads[medium.data.key] = picture
        events += [medium, builders.frame(at(60 * minute + 6), blackscreen=minute == 1, freeze_diffs=(4.1, 3.9, 5.2))]
        events.append(tick(at(60 * minute + 64)))
    events += [builders.annotation(at(75), text=f"Look: {SCRIPT}")]
    events.append(tick(at(190)))
    write(directory, [(max(event.time, at(-60)), event) for event in builders.numbered(events)], payloads)
    fold(directory, "registry", "mosaics", AlertingProjection.name, "annotations")
    return directory


def made(data: Path, **given: Any) -> tuple[ExportResult, str]:
    asked: dict[str, Any] = {"export_id": uuid4().hex, "state": "asked", "by": "ada"}
    asked |= {"start": at(0), "end": at(180), "devices": ("yard",), "form": "zip", "report": "Night shift"}
    export = Export.model_validate({**asked, **given})
    order = ExportOrder(data=data, site=SITE, asked=at(200), export=export)
    order.directory.mkdir(parents=True)
    result = run(order)
    text = "" if result.failure else (order.directory / result.files[0].name).read_text()
    return result, text


def test_a_report_has_its_pictures_within_and_names_no_other_address(data: Path) -> None:
    result, text = made(data)
    found = Addresses(text)

    assert result.failure is None
    assert (text.count('alt="All devices at'), text.count('alt="Picture of the incident"')) == (3, 1)
    assert len(found.sources) == 4
    for source in found.sources:
        assert source.startswith("data:image/jpeg;base64,")
        assert simplejpeg.decode_jpeg(b64decode(source.partition(",")[2])).shape[2] == 3
    assert [file.name for file in result.files] == ["DEMO_2026-01-05T100000Z_report.html"]


def test_a_report_says_what_was_the_case_and_who_asked(data: Path) -> None:
    result, text = made(data, report="What was the case")

    assert result.incidents == text.count("<article>") > 0
    for words in ("What was the case", "ada", "Picture black", "4.1, 3.9, 5.2", "SHA-256", "Europe/Berlin", "11:00:00"):
        assert words in text
    assert len(re.findall(r"[0-9a-f]{64}", text)) == 4
    assert "nobody has reviewed it" in text
    assert [name for name in ("closed_by", "window_s", "blackscreen_percentage") if name in text] == []


def test_the_head_of_a_table_stands_on_each_printed_page_and_a_phone_shows_the_page_in_its_width(data: Path) -> None:
    tags = Addresses(made(data)[1]).tags

    assert tags.count("thead") > 0
    assert tags.count("table") == tags.count("tbody")
    assert '<meta name="viewport" content="width=device-width">' in made(data)[1]


def test_nothing_that_people_wrote_becomes_markup(data: Path) -> None:
    _, text = made(data, report=SCRIPT)

    assert "script" not in Addresses(text).tags
    assert SCRIPT not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3
    assert "default-src 'none'" in text


@pytest.fixture(scope="module")
def partly_black(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute whose picture was black for some seconds, and good again when the minute was drawn."""
    directory = tmp_path_factory.mktemp("hub")
    shown = {5: GREEN, 10: RED, 50: GREEN}
    media = {second: builders.media(at(second), body, id=f"t{second}") for second, body in shown.items()}
    frames = [
        builders.frame(at(second + 1), blackscreen=second == 10, media=(one.data.key,)) for second, one in media.items()
    ]
    numbered = builders.numbered(sorted([*media.values(), *frames, tick(at(64))], key=lambda one: one.time))
    payloads = {media[second].data.key: body for second, body in shown.items()}
    write(directory, [(event.time, event) for event in numbered], payloads)
    fold(directory, "registry", "mosaics", AlertingProjection.name)
    return directory


def test_a_minute_says_when_in_it_a_device_was_bad_and_shows_the_picture_of_that_moment(partly_black: Path) -> None:
    _, text = made(partly_black, end=at(60))

    assert "Picture black at 11:00:11" in text
    assert b64encode(RED).decode() in text


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Eleven minutes that have left the ring: the picture was red, and black from the second to the fourth minute."""
    directory, short_ring = tmp_path_factory.mktemp("hub"), pytest.MonkeyPatch()
    for module in (past_tiles, projection, ring, minutes):
        short_ring.setattr(module, "RING", 20)
    events: list[Any] = [tick(at(0))]
    payloads = {}
    for second in range(2, 660, 5):
        medium = builders.media(at(second), RED, id=f"t{second}")
        payloads[medium.data.key] = RED
        events += [medium, builders.frame(at(second), blackscreen=120 <= second < 250, media=(medium.data.key,))]
        if second % 10 == 2:
            events.append(tick(at(second + 2)))
    events += [tick(at(60 * minute + 4)) for minute in range(12, 60)]
    write(directory, [(event.time, event) for event in builders.numbered(events)], payloads)
    fold(directory, "registry", AlertingProjection.name, "mosaics", "condition_minutes")
    yield directory
    short_ring.undo()


def test_a_report_of_minutes_that_have_left_the_ring_has_their_states_and_the_pictures_that_are_kept(
    past: Path,
) -> None:
    result, text = made(past, end=at(660))

    assert result.failure is None
    assert "few minutes still have a picture" in text
    assert [words for words in ("11:00:00", "11:01:00", "11:05:00 to 11:10:00", "11:10:00") if words not in text] == []
    assert text.count('alt="All devices at') == 2
    assert "Picture black from 11:02:02 to 11:03:00" in text
    assert "Picture black from 11:04:00 to 11:04:12" in text
    assert 'alt="Picture of the incident"' in text


def test_the_hour_that_a_day_has_twice_says_which_of_the_two_it_is(tmp_path: Path) -> None:
    begin = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    device = {"device_id": "yard", "device_name": "Yard", "condition": "ok", "types": [], "status": "active"}
    description = {"state": "ok", "devices": [{**device, "analysis_json": None}]}
    shown = [ReportMinute(int(at.timestamp()) // 60, description, None) for at in (begin, begin + timedelta(hours=1))]
    asked = {"export_id": "r-1", "state": "asked", "by": "ada", "start": begin, "end": begin + timedelta(hours=1)}
    export = Export.model_validate({**asked, "devices": (), "form": "zip", "report": "Night"})
    order = ExportOrder(data=tmp_path, site=SITE, asked=begin + timedelta(hours=9), export=export)
    text = page(Report(order, "Demo", ZoneInfo("Europe/Berlin"), {"yard": "Yard"}, ReportMinutes(shown, 0, 0)))

    assert "2026-10-25 02:30:00 CEST to 2026-10-25 02:30:00 CET (Europe/Berlin)" in text
    assert "ada, 2026-10-25 10:30:00<" in text
    assert "<td>Devices</td><td>1</td>" in text


def test_a_report_of_what_is_gone_says_so(data: Path) -> None:
    result, _ = made(data, report="Gone", start=at(0) - timedelta(days=9), end=at(0) - timedelta(days=9, minutes=-5))

    assert result.failure == "nothing of it is kept any more"
