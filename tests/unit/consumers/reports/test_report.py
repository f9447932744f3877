"""Reports: one page that needs nothing else, with pictures, values, incidents, alerts and comments, all escaped."""

import re
from base64 import b64decode
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import simplejpeg

from bus_schemas.footage import Export
from consumers.alerting.projection import AlertingProjection
from consumers.reports.job import run
from consumers.upkeep.exports.order import ExportOrder, ExportResult
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
    assert len(found.sources) == 3
    for source in found.sources:
        assert source.startswith("data:image/jpeg;base64,")
        assert simplejpeg.decode_jpeg(b64decode(source.partition(",")[2])).shape[2] == 3
    assert [file.name for file in result.files] == ["DEMO_2026-01-05T100000Z_report.html"]


def test_a_report_says_what_was_the_case_and_who_asked(data: Path) -> None:
    result, text = made(data, report="What was the case")

    assert result.incidents == text.count("<article>") > 0
    for words in ("What was the case", "ada", "blackscreen", "4.1, 3.9, 5.2", "SHA-256", "Europe/Berlin", "11:00:00"):
        assert words in text
    assert len(re.findall(r"[0-9a-f]{64}", text)) == 3
    assert "nobody has reviewed it" in text
    assert [name for name in ("closed_by", "window_s", "blackscreen_percentage") if name in text] == []


def test_nothing_that_people_wrote_becomes_markup(data: Path) -> None:
    _, text = made(data, report=SCRIPT)

    assert "script" not in Addresses(text).tags
    assert SCRIPT not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3
    assert "default-src 'none'" in text


def test_a_report_of_what_is_gone_says_so(data: Path) -> None:
    result, _ = made(data, report="Gone", start=at(0) - timedelta(days=9), end=at(0) - timedelta(days=9, minutes=-5))

    assert result.failure == "nothing of it is kept any more"
