"""For a slow link pictures become fewer, then smaller, then only those around motion; and more again, slowly."""

import pytest

from edge.agent.picture_thinning import BETTER_AFTER_S, ONE_OF, WORSE_AFTER_S, PictureThinning


def levels(
    thinning: PictureThinning, seconds: int, *, is_too_slow: bool, begin: float = 0.0
) -> list[tuple[float, str]]:
    """When the level changed, and to what."""
    return [
        (second, thinning.pictures)
        for second in range(seconds + 1)
        if thinning.poll(is_too_slow=is_too_slow, now=begin + second)
    ]


def test_a_link_that_stays_too_slow_gets_fewer_then_smaller_pictures_then_only_those_around_motion() -> None:
    thinning = PictureThinning()

    assert levels(thinning, 60, is_too_slow=True) == [(10, "fewer"), (21, "smaller"), (32, "around_motion")]
    assert levels(thinning, 60, is_too_slow=True, begin=100.0) == []


def test_a_link_that_carries_them_again_gets_them_back_step_by_step() -> None:
    thinning = PictureThinning()
    levels(thinning, 25, is_too_slow=True)

    assert levels(thinning, 200, is_too_slow=False, begin=100.0) == [(60, "fewer"), (121, "all")]


def test_a_link_that_is_too_slow_for_a_moment_changes_nothing() -> None:
    thinning = PictureThinning()
    for second in range(0, 300, 6):
        assert not thinning.poll(is_too_slow=second % 12 == 0, now=float(second))

    assert WORSE_AFTER_S < BETTER_AFTER_S
    assert thinning.pictures == "all"


@pytest.mark.parametrize(
    ("level", "still", "moving", "is_smaller"),
    [(0, 8, 8, False), (1, 8 // ONE_OF, 8 // ONE_OF, False), (2, 8 // ONE_OF, 8 // ONE_OF, True), (3, 0, 8, True)],
)
def test_each_level_takes_its_pictures(level: int, still: int, moving: int, is_smaller: bool) -> None:
    thinning = PictureThinning()
    thinning.level = level

    assert sum(thinning.allows(number, is_moving=False) for number in range(8)) == still
    assert sum(thinning.allows(number, is_moving=True) for number in range(8)) == moving
    assert (thinning.quality < 85) == is_smaller
