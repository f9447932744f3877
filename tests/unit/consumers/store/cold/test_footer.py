"""The footer of an object says where each medium lies, and what is damaged is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.store.archive.records import RecordHeader
from consumers.store.cold.footer import DamagedFooter, footer_size, pack_footer, unpack_footer

HEADERS = st.builds(
    RecordHeader,
    st.text("abcdefghij-_0123456789", min_size=1, max_size=40),
    st.sampled_from(["image/jpeg", "video/mp2t"]),
    st.integers(-(2**62), 2**62),
    st.integers(0, 2**40),
    st.binary(min_size=32, max_size=32),
)
RECORDS = st.lists(st.tuples(st.integers(0, 2**40), HEADERS), max_size=20)


@given(RECORDS, st.binary(max_size=200))
def test_what_was_written_is_read_whatever_stands_before_it(
    records: list[tuple[int, RecordHeader]], before: bytes
) -> None:
    found = unpack_footer(before + pack_footer(records))

    assert [(one.offset, one.header) for one in found] == records
    assert footer_size(before + pack_footer(records)) == len(pack_footer(records))


@given(st.data(), RECORDS)
def test_a_footer_with_one_changed_byte_is_refused(
    data: st.DataObject, records: list[tuple[int, RecordHeader]]
) -> None:
    footer = bytearray(pack_footer(records))
    place = data.draw(st.integers(0, len(footer) - 1))
    footer[place] ^= data.draw(st.integers(1, 255))

    with pytest.raises(DamagedFooter):
        unpack_footer(bytes(footer))


@given(st.binary(max_size=300))
def test_an_object_of_others_has_no_footer(body: bytes) -> None:
    with pytest.raises(DamagedFooter):
        unpack_footer(body)
