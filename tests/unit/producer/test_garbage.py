"""What failed is let go at once, however large it is, and not when garbage is collected."""

import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from producer.garbage import let_go, results_of


class Large:
    """Stands for a body of megabytes."""


class Library:
    """Its call holds its own error, as the one that asks a bucket does."""

    def call(self, body: Large) -> None:
        error = self._failed(body)
        raise error

    def _failed(self, body: Large) -> Exception:
        try:
            raise OSError(f"no answer to {body}")
        except OSError as error:
            return error


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def fail(body: Large) -> None:
    raise OSError(f"no room for {body}")


def submitted(bodies: list[Large]) -> list[Future[None]]:
    with ThreadPoolExecutor(2) as pool:
        return [pool.submit(fail, body) for body in bodies]


def test_the_bodies_of_jobs_that_failed_are_let_go_with_the_error() -> None:
    bodies = [Large() for _ in range(4)]
    held = [weakref.ref(body) for body in bodies]
    with pytest.raises(OSError, match="no room"):
        results_of(submitted(bodies))
    bodies.clear()

    assert [ref() for ref in held] == [None] * 4


def test_results_come_in_the_order_of_their_jobs() -> None:
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(int, number) for number in range(5)]

    assert results_of(jobs) == [0, 1, 2, 3, 4]


def asked(body: Large) -> str:
    try:
        Library().call(body)
    except OSError as error:
        let_go(error)
        return type(error).__name__
    return ""


def test_what_a_library_was_given_is_let_go_although_it_holds_its_own_error() -> None:
    body = Large()
    held = weakref.ref(body)
    assert asked(body) == "OSError"
    del body

    assert held() is None
