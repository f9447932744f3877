"""What an export may take of the disk."""

import pytest

from consumers.hub_config import RetentionPolicy
from consumers.store.disk import DiskSpace
from consumers.upkeep.exports.room import ExportRoom

SHIPPED = ExportRoom.of(RetentionPolicy())


@pytest.mark.parametrize(
    ("used", "left"),
    [
        # What is below the share from which clean-up begins.
        (0, 850), (600, 250), (750, 100),
        # As much as one clean-up frees, also where the disk is at that share, as one that is recorded on always is.
        (800, 100), (849, 76), (850, 75),
        # Half of what is beyond is left for those who write.
        (900, 25), (925, 0), (1000, 0),
    ],
)  # fmt: skip
def test_an_export_may_begin_the_next_clean_up_and_no_more(used: int, left: int) -> None:
    assert SHIPPED.left(DiskSpace(1000, used)) == left


def test_a_disk_that_is_never_cleaned_may_be_filled() -> None:
    assert ExportRoom().left(DiskSpace(1000, 400)) == 600
