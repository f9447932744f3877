"""Snapshots: when they are taken, which are kept, and that they say what the view said."""

from collections.abc import Iterator
from pathlib import Path
from zlib import compress

import pytest

from consumers.views.health.past_view import as_of
from consumers.views.health.projection import HealthProjection
from consumers.views.health.questions import devices, last_tick, nodes
from consumers.views.health.snapshots import Forgotten, Keep, content
from tests.builders import at, frame, heartbeat, tick
from tests.following import Followed

FEW = Keep(every_s=10, fine=5, step=4, coarse=20)


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(HealthProjection(FEW), tmp_path) as it:
        yield it


def kept(followed: Followed) -> list[tuple[int, int]]:
    """Numbers and positions."""
    return list(followed.view.execute("select number, position from snapshots order by number"))


def seconds(followed: Followed) -> list[float]:
    return [found - at(0).timestamp() for (found,) in followed.view.execute("select at from snapshots order by number")]


def test_a_snapshot_is_taken_at_the_first_tick_and_then_after_each_ten_seconds(followed: Followed) -> None:
    followed.take(frame(at(0)), *(tick(at(second)) for second in (1, 6, 10.9, 11, 20, 21.5)))

    assert kept(followed) == [(1, 2), (2, 5), (3, 7)]


def test_a_clock_that_was_set_back_does_not_end_the_snapshots(followed: Followed) -> None:
    followed.take(tick(at(3600)), tick(at(0)), tick(at(5)), tick(at(10)))

    assert seconds(followed) == [3600, 0, 10]


def test_a_clock_that_ran_ahead_does_not_forget_the_past(followed: Followed) -> None:
    followed.take(frame(at(0)), tick(at(1)), tick(at(10_000_000)), tick(at(12)))

    assert len(kept(followed)) == 3


def test_of_the_older_ones_each_fourth_is_kept_and_none_for_ever(followed: Followed) -> None:
    followed.take(*(tick(at(10 * number)) for number in range(1, 31)))

    assert [number for number, _ in kept(followed)] == [13, 17, 21, 25, 26, 27, 28, 29, 30]


def test_the_past_is_folded_on_from_what_is_kept(followed: Followed) -> None:
    answers = {}
    for number in range(1, 31):
        followed.take(frame(at(10 * number), device=f"d{number % 3}"), heartbeat(at(10 * number)))
        answers[followed.journal.head()] = answer(followed, number)
        followed.take(tick(at(10 * number + 1), uptime_s=number))
        answers[followed.journal.head()] = answer(followed, number)
    reached = {upto: as_of_then(followed, upto) for upto in answers if upto >= kept(followed)[0][1]}

    assert len(reached) > 30
    assert reached == {upto: answers[upto] for upto in reached}


def answer(followed: Followed, number: int) -> object:
    view = followed.view
    return devices(view), nodes(view), last_tick(view), devices(view, now=at(10 * number + 5))


def as_of_then(followed: Followed, upto: int) -> object:
    # Three events a number; the tick is the third.
    with as_of(followed.view, followed.journal, upto) as view:
        return devices(view), nodes(view), last_tick(view), devices(view, now=at(10 * ((upto + 2) // 3) + 5))


def test_what_was_before_all_that_is_kept_is_said_to_be_forgotten(followed: Followed) -> None:
    followed.take(frame(at(0)), *(tick(at(10 * number)) for number in range(1, 31)))
    (_, oldest), *_ = kept(followed)

    with pytest.raises(Forgotten), as_of(followed.view, followed.journal, oldest - 1):
        pass


def test_before_the_first_snapshot_the_journal_is_folded_from_its_begin(followed: Followed) -> None:
    followed.take(frame(at(0)), frame(at(1), device="gate"), tick(at(2)))

    with as_of(followed.view, followed.journal, 1) as view:
        assert [one.device for one in devices(view)] == ["yard"]
    with as_of(followed.view, followed.journal, 0) as view:
        assert (devices(view), last_tick(view)) == ([], None)


def test_a_snapshot_before_any_device_was_heard_is_empty(followed: Followed) -> None:
    followed.take(tick(at(0)), frame(at(1)))

    with as_of(followed.view, followed.journal, 1) as view:
        assert (devices(view), last_tick(view)) == ([], at(0).timestamp())


def test_no_event_after_the_moment_is_folded(followed: Followed) -> None:
    followed.take(tick(at(0)), frame(at(1)), frame(at(2)), frame(at(3)))

    with as_of(followed.view, followed.journal, 3) as view:
        assert devices(view)[0].last_frame == "2026-01-05T10:00:02.000Z"


def test_the_content_of_a_snapshot_does_not_depend_on_how_it_was_compressed() -> None:
    text = b"[1, 2, 3]" * 100

    assert compress(text, 1) != compress(text, 9)
    assert content(compress(text, 1)) == content(compress(text, 9))
    assert content(compress(text)) != content(compress(text + b" "))
