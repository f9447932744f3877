"""The memory of a library that only its start has used."""

from contextlib import closing
from pathlib import Path

from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.store.clickhouse.library_pages import mappings, release_pages
from consumers.views.warehouse.warehouse import LIBRARY


def resident_kb() -> int:
    return sum(mapping.resident_kb for mapping in mappings(LIBRARY))


def test_what_the_start_of_chdb_needed_is_given_back_and_it_answers_as_before(tmp_path: Path) -> None:
    with closing(EmbeddedEngine(tmp_path)) as engine:
        question = "select sum(number), uniqExact(number % 10) from numbers(1000)"
        before = engine.query(question)
        there = resident_kb()
        released = release_pages(LIBRARY)

        assert released > there / 2
        assert resident_kb() < there / 2
        assert engine.query(question) == before == [[499_500, 10]]


def test_what_was_written_to_is_kept(tmp_path: Path) -> None:
    with closing(EmbeddedEngine(tmp_path)):
        written = [mapping for mapping in mappings(LIBRARY) if not mapping.is_clean]
        release_pages(LIBRARY)
        after = {mapping.start: mapping for mapping in mappings(LIBRARY)}

    assert written
    assert all(after[one.start].resident_kb >= one.resident_kb for one in written)


def test_a_library_that_is_not_there_has_nothing_to_give_back() -> None:
    assert release_pages("no-such-library.so") == 0
