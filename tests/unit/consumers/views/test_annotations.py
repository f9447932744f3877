"""Notes of people: as they are after every change, found by place, time and text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.event import GATEWAY, iso
from consumers.views.annotations import (
    DEFAULT_COLOUR,
    AnnotationQuery,
    AnnotationRow,
    AnnotationsProjection,
    annotation,
    annotations,
)
from tests.builders import SITE
from tests.builders import annotation as note
from tests.builders import at as moment
from tests.following import Followed


def said(seconds: float, note_id: str = "note-1", **given: Any) -> Any:
    return note(moment(seconds), device=GATEWAY, annotation_id=note_id, **given)


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(AnnotationsProjection(), tmp_path) as made:
        yield made


def found(followed: Followed, **wanted: Any) -> list[str]:
    return [one.annotation_id for one in annotations(followed.view, AnnotationQuery(**wanted))]


def test_a_note_is_as_its_newest_event_says_and_remembers_who_made_it(followed: Followed) -> None:
    followed.take(said(0, text="Gate open", devices=("gate", "yard"), end=iso(moment(60)), colour="#00ff00"))
    followed.take(said(10, text="Gate closed again", by="eve", state="changed", start=iso(moment(5))))

    assert annotation(followed.view, "note-1") == AnnotationRow(
        annotation_id="note-1",
        site=SITE,
        devices=(),
        start=moment(5).timestamp(),
        end=moment(5).timestamp(),
        text="Gate closed again",
        colour=DEFAULT_COLOUR,
        by="ada",
        created=moment(0).timestamp(),
        changed_by="eve",
        changed=moment(10).timestamp(),
        is_removed=False,
    )


def test_a_removed_note_is_not_listed_and_comes_back_where_it_is_changed(followed: Followed) -> None:
    followed.take(said(0), said(1, state="removed"))
    removed = annotation(followed.view, "note-1")
    listed = found(followed)
    followed.take(said(2, state="changed"))

    assert removed is not None
    assert removed.is_removed
    assert listed == []
    assert found(followed) == ["note-1"]


def test_notes_are_found_by_what_they_overlap(followed: Followed) -> None:
    followed.take(said(0, "moment"), said(100, "range", end=iso(moment(200))))

    assert found(followed, start=moment(0), end=moment(100)) == ["moment"]
    assert found(followed, start=moment(150), end=moment(160)) == ["range"]
    assert found(followed, start=moment(200), end=moment(300)) == ["range"]
    assert found(followed, start=moment(201)) == []
    assert found(followed) == ["range", "moment"]


def test_a_note_without_a_device_is_about_each_device_of_its_site(followed: Followed) -> None:
    followed.take(said(0, "all"), said(1, "gate", devices=("gate",)), said(2, "other", site="OTHER"))

    assert found(followed, site=SITE, device="yard") == ["all"]
    assert found(followed, site=SITE, device="gate") == ["gate", "all"]


def test_text_is_found_in_any_case_of_letters_and_is_no_pattern(followed: Followed) -> None:
    followed.take(said(0, "street", text="Die STRASSE ist frei"), said(1, "percent", text="100 % used"))

    assert found(followed, text="straße") == ["street"]
    assert found(followed, text="0 %") == ["percent"]
    assert found(followed, text="1%0") == []


def test_pages_follow_each_other_without_a_gap(followed: Followed) -> None:
    followed.take(*(said(number // 2, f"note-{number}") for number in range(7)))

    first = found(followed, limit=3)
    second = found(followed, limit=3, after=first[-1])
    third = found(followed, limit=3, after=second[-1])
    assert [*first, *second, *third] == [f"note-{number}" for number in range(6, -1, -1)]


def test_a_note_of_an_older_release_is_known_by_the_id_of_its_event(followed: Followed) -> None:
    followed.take(note(moment(0), id="event-1", device=GATEWAY))

    assert found(followed) == ["event-1"]
