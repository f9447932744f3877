"""Holds: what keeps media from deletion, and until when."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.event import GATEWAY, iso
from consumers.views.holds import HoldsProjection, hold, holds
from tests.builders import DEVICE, SITE, annotation, export
from tests.builders import at as moment
from tests.builders import hold as placed
from tests.following import Followed


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(HoldsProjection(), tmp_path) as made:
        yield made


def note(seconds: float, **given: Any) -> Any:
    return annotation(moment(seconds), device=GATEWAY, annotation_id="note-1", **given)


def kept(followed: Followed, kind: str, first: float, last: float, device: str = DEVICE) -> list[str]:
    """What keeps media of a kind within this range."""
    return [one.kind for one in holds(followed.view) if one.keeps(SITE, device, kind, moment(first), moment(last))]


def test_a_hold_keeps_media_of_every_kind_until_it_is_released(followed: Followed) -> None:
    followed.take(placed(moment(0)))
    before = [kept(followed, kind, 60, 120) for kind in ("segment", "capture", "thumbnail", "thermal")]
    followed.take(placed(moment(900), "released", start=iso(moment(0)), end=iso(moment(300)), reason="Closed"))
    known = hold(followed.view, "hold-1")

    assert before == [["hold"]] * 4
    assert kept(followed, "segment", 60, 120) == []
    assert known is not None
    assert (known.is_over, known.reason) == (True, "Closed")


def test_a_hold_keeps_what_it_overlaps_of_its_devices_and_nothing_else(followed: Followed) -> None:
    followed.take(placed(moment(0), devices=("gate",)))

    assert kept(followed, "segment", 290, 400, "gate") == ["hold"]
    assert kept(followed, "segment", 301, 400, "gate") == []
    assert kept(followed, "segment", -100, 0, "gate") == []
    assert kept(followed, "segment", 0, 100, "yard") == []


def test_a_note_and_an_export_keep_what_was_recorded_as_long_as_they_are_there(followed: Followed) -> None:
    followed.take(note(10), export(moment(0)))
    both = kept(followed, "segment", 0, 60)
    pictures = kept(followed, "capture", 0, 60)
    followed.take(note(10, state="removed"), export(moment(0), "done"))
    done = kept(followed, "segment", 0, 60)
    followed.take(export(moment(0), "expired"))

    assert sorted(both) == ["export", "note"]
    assert pictures == []
    assert done == ["export"]
    assert kept(followed, "segment", 0, 60) == []


def test_the_half_minute_around_a_moment_that_is_noted_is_of_it(followed: Followed) -> None:
    followed.take(note(100))

    assert kept(followed, "segment", 0, 71) == ["note"]
    assert kept(followed, "segment", 0, 69) == []
    assert kept(followed, "segment", 129, 200) == ["note"]


@pytest.mark.parametrize("odd", ["a b/c", "ü", "x" * 129, "../up"])
def test_a_hold_whose_id_no_address_takes_has_one_of_ours_and_is_released_by_it(followed: Followed, odd: str) -> None:
    """Journals from before ids were restricted have such."""
    said = placed(moment(0))
    followed.take(said.model_copy(update={"data": said.data.model_copy(update={"hold_id": odd})}))
    (found,) = holds(followed.view)
    followed.take(placed(moment(9), "released", hold_id=found.hold_id, start=iso(moment(0)), end=iso(moment(300))))

    assert found.kind == "hold"
    assert holds(followed.view) == []
