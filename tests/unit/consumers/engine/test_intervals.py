"""Which of the things that last are selected: by span, state, page and position."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from consumers.engine.intervals import IntervalQuery, IntervalTable
from consumers.engine.versions import COLUMNS, Versions
from tests.builders import at

HELD = IntervalTable("spells", "id", "begun", "ended", "id", "held")
BEGUN = HELD._replace(span="begun")


@pytest.fixture
def view() -> Iterator[sqlite3.Connection]:
    """`a` lasted from 10 to 20 s, `b` from 15 s to now, `c` from 30 to 40 s; each turn was taken in at its second."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as view:
        view.execute(
            f"create table spells (id text not null, {COLUMNS}, site text, device text, type text, begun real, "
            "ended real, primary key (id, until)) strict"
        )
        spells = Versions(view, "spells", "id")
        for name, device, begun, ended in (("a", "yard", 10, 20), ("b", "gate", 15, None), ("c", "yard", 30, 40)):
            row = {"id": name, "site": "DEMO", "device": device, "type": "freeze", "begun": at(begun).timestamp()}
            spells.put(begun, {**row, "ended": None})
            if ended is not None:
                spells.put(ended, {**row, "ended": at(ended).timestamp()})
        yield view


def names(view: sqlite3.Connection, lasting: IntervalTable = HELD, **wanted: object) -> str:
    return "".join(name for (name,) in lasting.select(view, IntervalQuery(**wanted)))  # type: ignore[arg-type]  # as each test names them


def test_the_newest_come_first_and_no_more_than_wanted(view: sqlite3.Connection) -> None:
    assert (names(view), names(view, limit=2)) == ("cba", "cb")


def test_what_is_open_depends_on_the_position(view: sqlite3.Connection) -> None:
    assert [names(view, state="open", upto=upto) for upto in (9, 10, 15, 20, 35, 40)] == ["", "a", "ba", "b", "cb", "b"]
    assert [names(view, state="closed", upto=upto) for upto in (19, 20, 40)] == ["", "a", "ca"]
    assert [HELD.count_open(view, "DEMO", upto) for upto in (9, 15, 40)] == [0, 2, 1]
    assert HELD.count_open(view, "ELSEWHERE") == 0


def test_a_span_selects_what_held_in_it_or_what_began_in_it(view: sqlite3.Connection) -> None:
    assert names(view, HELD, start=at(18), end=at(30)) == "ba"
    assert names(view, BEGUN, start=at(12), end=at(30)) == "b"


def test_what_held_in_a_span_is_said_as_far_as_it_was_known(view: sqlite3.Connection) -> None:
    """At position 19 nobody knew that `a` ends at 20 s."""
    assert names(view, HELD, start=at(25), upto=19) == "ba"
    assert names(view, HELD, start=at(25), upto=20) == "b"


def test_a_page_goes_on_after_the_last_of_the_one_before(view: sqlite3.Connection) -> None:
    assert (names(view, after="c"), names(view, after="b"), names(view, after="nobody")) == ("ba", "a", "")
    assert names(view, after="c", upto=20) == ""


def test_one_is_found_once_it_was_known(view: sqlite3.Connection) -> None:
    assert (HELD.one(view, "c"), HELD.one(view, "c", 29), HELD.one(view, "x")) == (("c",), None, None)


def test_a_list_of_one_is_empty_where_there_is_none(view: sqlite3.Connection) -> None:
    assert (names(view, id="c"), names(view, id="c", upto=29), names(view, id="x")) == ("c", "", "")
    assert names(view, id="c", device="gate") == ""


def test_places_and_types_are_selected(view: sqlite3.Connection) -> None:
    assert (names(view, device="yard"), names(view, site="ELSEWHERE"), names(view, type="freeze")) == ("ca", "", "cba")
