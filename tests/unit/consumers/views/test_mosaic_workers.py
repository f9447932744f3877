"""Two threads share the cells of a mosaic: the caller's own, and one that helps it."""

from collections.abc import Iterator
from threading import Event, Lock, get_ident

import pytest

from consumers.views.mosaics.workers import Workers

SOON_S = 10.0


def test_results_are_in_the_order_of_the_items() -> None:
    assert Workers().map(lambda item: item * item, range(100)) == [item * item for item in range(100)]
    assert Workers().map(str, ()) == []


def test_no_thread_but_the_caller_and_one_that_helps_is_used() -> None:
    workers = Workers()

    used = {thread for _ in range(20) for thread in workers.map(lambda _: get_ident(), range(20))}

    assert len(used | {get_ident()}) <= 2


def test_a_single_item_needs_no_help() -> None:
    assert Workers().map(lambda _: get_ident(), ("only",)) == [get_ident()]


def test_a_thread_that_is_delayed_holds_up_one_item_alone() -> None:
    others_are_done, lock = Event(), Lock()
    begun: list[int] = []

    def work(item: int) -> bool:
        with lock:
            begun.append(item)
            is_first, is_last = len(begun) == 1, len(begun) == 9
        if is_last:
            others_are_done.set()
        return others_are_done.wait(SOON_S) if is_first else True

    assert all(Workers().map(work, range(9)))


class Begun:
    """Items that say when the first of them is at work."""

    def __init__(self) -> None:
        self.first = Event()

    def work(self, item: bool | int) -> bool | int:
        self.first.set()
        return item

    def wait(self) -> bool:
        return self.first.wait(SOON_S)


def test_the_first_items_are_at_work_while_the_caller_makes_the_others() -> None:
    begun = Begun()

    def items() -> Iterator[bool]:
        yield True
        yield True
        yield begun.wait()

    assert Workers().map(begun.work, items()) == [True, True, True]


def test_the_items_are_at_work_while_the_caller_has_work_of_its_own() -> None:
    begun = Begun()

    own, results = Workers().beside(lambda: (begun.wait(), get_ident()), begun.work, (1, 2, 3))

    assert own == (True, get_ident())
    assert results == [1, 2, 3]


@pytest.mark.parametrize("wrong", range(6))
def test_what_fails_fails_for_the_caller_and_leaves_nothing_behind(wrong: int) -> None:
    workers = Workers()

    def work(item: int) -> int:
        if item == wrong:
            raise IndexError(item)
        return item

    with pytest.raises(IndexError):
        workers.map(work, range(6))

    assert workers.map(str, range(6)) == list("012345")


def test_items_that_cannot_be_made_fail_for_the_caller_and_leave_nothing_behind() -> None:
    workers = Workers()

    def items() -> Iterator[int]:
        yield from range(4)
        raise OSError("out of reach")

    with pytest.raises(OSError, match="out of reach"):
        workers.map(str, items())

    assert workers.map(str, range(6)) == list("012345")
