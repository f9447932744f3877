"""When pictures are given up for the rest of them."""

from producer.relay.thinning import Thinning


def poll(thinning: Thinning, unsent: list[int], is_full: bool = True) -> bool:
    """Once a second from second 0 on."""
    for now, waiting in enumerate(unsent):
        thinning.poll(waiting, is_full, float(now))
    return thinning.is_needed


def test_what_grows_for_ten_seconds_on_a_full_link_is_too_much() -> None:
    assert not poll(Thinning(), list(range(5, 14)))
    assert poll(Thinning(), list(range(5, 17)))


def test_what_an_outage_has_left_is_no_reason_while_it_gets_less() -> None:
    assert not poll(Thinning(), list(range(9000, 8900, -1)))


def test_who_is_slow_for_another_reason_than_the_link_gives_up_nothing() -> None:
    assert not poll(Thinning(), list(range(5, 50)), is_full=False)


def test_it_is_over_once_nothing_waits() -> None:
    thinning = Thinning()
    poll(thinning, list(range(5, 17)))
    thinning.poll(3, is_full=True, now=20.0)
    assert thinning.is_needed

    thinning.poll(0, is_full=False, now=21.0)
    assert not thinning.is_needed


def test_the_watch_begins_anew_after_a_pause() -> None:
    thinning = Thinning()
    for now in range(40):
        if now % 8 == 7:
            thinning.pause()
        thinning.poll(now + 1, is_full=True, now=float(now))

    assert not thinning.is_needed


def test_pictures_that_are_dropped_for_days_are_a_line_in_five_minutes() -> None:
    thinning = Thinning()

    assert [thinning.dropped_to_log(count, now) for count, now in ((0, 0), (3, 1), (2, 2), (5, 300), (1, 301))] == [
        0, 3, 0, 0, 8,
    ]  # fmt: skip
