"""Versions of rows: one of a key stands at a time, and each stood until the next."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.engine.versions import COLUMNS, FOREVER, NEWEST, STANDS, Versions
from tests.examples import examples

SCHEMA = f"create table words (key text not null, {COLUMNS}, word text, primary key (key, until)) strict"


@pytest.fixture
def view() -> Iterator[sqlite3.Connection]:
    with closing(_table()) as view:
        yield view


def _table() -> sqlite3.Connection:
    view = sqlite3.connect(":memory:", isolation_level=None)
    view.execute(SCHEMA)
    return view


def standing(view: sqlite3.Connection, upto: int) -> dict[str, str]:
    return dict(view.execute(f"select key, word from words where {STANDS}", {"upto": upto}).fetchall())


def test_a_row_stands_until_the_next_one_of_its_key(view: sqlite3.Connection) -> None:
    words = Versions(view, "words", "key")
    words.put(3, {"key": "a", "word": "one"})
    words.put(5, {"key": "b", "word": "other"})
    words.put(7, {"key": "a", "word": "two"})

    assert [standing(view, upto) for upto in (2, 3, 6, 7, NEWEST)] == [
        {},
        {"a": "one"},
        {"a": "one", "b": "other"},
        {"a": "two", "b": "other"},
        {"a": "two", "b": "other"},
    ]
    assert words.newest("a") == {"key": "a", "position": 7, "until": FOREVER, "word": "two"}
    assert words.newest("c") is None


def test_of_two_at_one_position_the_last_one_stands(view: sqlite3.Connection) -> None:
    words = Versions(view, "words", "key")
    words.put(3, {"key": "a", "word": "one"})
    words.put(3, {"key": "a", "word": "two"})

    assert view.execute("select position, until, word from words").fetchall() == [(3, FOREVER, "two")]


@examples(40)
@given(puts=st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.text("xyz", max_size=2)), max_size=30))
def test_as_of_any_position_stands_what_was_put_last(puts: list[tuple[int, str, str]]) -> None:
    with closing(_table()) as view:
        words, position, known = Versions(view, "words", "key"), 1, {0: dict[str, str]()}
        for step, key, word in puts:
            position += step
            words.put(position, {"key": key, "word": word})
            known[position] = {**known[max(known)], key: word}
        for asked in range(position + 2):
            assert standing(view, asked) == known[max(at for at in known if at <= asked)]
