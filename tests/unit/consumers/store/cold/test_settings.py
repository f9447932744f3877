"""When uploads may run, and which kinds of media go."""

from datetime import UTC, datetime, time, timedelta

import pytest

from consumers.store.cold.settings import ColdStorage, TransferHours

DAY = timedelta(days=1)
MEDIA = (("capture", timedelta(hours=1)), ("thumbnail", DAY), ("segment", 30 * DAY))


@pytest.mark.parametrize(
    ("start", "end", "hour", "is_within"),
    [
        (9, 17, 9, True), (9, 17, 17, False), (22, 6, 23, True), (22, 6, 3, True), (22, 6, 6, False),
        (22, 6, 12, False), (0, 0, 0, True), (0, 0, 13, True), (8, 8, 7, True), (8, 8, 8, True),
    ],
)  # fmt: skip
def test_hours_of_transfer_may_pass_midnight_and_are_the_whole_day_where_they_end_when_they_begin(
    start: int, end: int, hour: int, is_within: bool
) -> None:
    hours = TransferHours(time(start), time(end))

    assert (datetime(2026, 1, 5, hour, tzinfo=UTC) in hours) is is_within


def test_what_is_gone_before_the_disk_lets_go_of_it_does_not_go() -> None:
    assert ColdStorage("b", keep_hot=DAY).kinds(MEDIA) == ("segment",)
    assert ColdStorage("b", keep_hot=DAY, copies=2).kinds(MEDIA) == ("capture", "thumbnail", "segment")


def test_no_key_is_shown() -> None:
    storage = ColdStorage("b", "p", "https://s3.example.net", access_key="AKIA1", secret_key="hidden")

    assert "AKIA1" not in f"{storage!r} {storage.name}"
    assert "hidden" not in f"{storage!r} {storage.name}"
