"""Guessing the token gets slower and slower, for one address and for all of them together."""

from gateway.http.guess_limit import FORGOTTEN_AFTER_S, LONGEST_WAIT_S, MOST_ADDRESSES, TRIES_PER_MINUTE, Tries


def guess(tries: Tries, address: str, count: int, now: float = 0.0) -> None:
    for number in range(count):
        tries.failed(address, f"{address} {now} {number}", now)


def test_a_few_wrong_tokens_are_free_and_then_the_wait_doubles() -> None:
    tries, waits = Tries(), []
    for number in range(12):
        waits.append(tries.wait_s("192.0.2.1", 0.0))
        tries.failed("192.0.2.1", str(number), 0.0)

    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64]
    assert tries.wait_s("192.0.2.2", 0.0) == 0


def test_the_wait_has_a_bound_and_is_forgotten() -> None:
    tries = Tries()
    guess(tries, "192.0.2.1", 60)

    assert tries.wait_s("192.0.2.1", 0.0) == LONGEST_WAIT_S
    later = FORGOTTEN_AFTER_S + 1
    assert tries.wait_s("192.0.2.1", later) == 0
    guess(tries, "192.0.2.1", 1, later)
    assert tries.wait_s("192.0.2.1", later) == 0


def test_the_same_wrong_token_is_no_new_guess() -> None:
    tries = Tries()
    for _ in range(1000):
        tries.failed("192.0.2.1", "the token of last year", 0.0)

    assert tries.wait_s("192.0.2.1", 0.0) == 0


def test_who_came_in_begins_anew() -> None:
    tries = Tries()
    guess(tries, "192.0.2.1", 20)
    tries.succeeded("192.0.2.1")

    assert tries.wait_s("192.0.2.1", 0.0) == 0


def test_many_addresses_are_slowed_down_together_but_not_those_that_came_in_before() -> None:
    tries = Tries()
    tries.succeeded("192.0.2.1")
    for number in range(TRIES_PER_MINUTE):
        guess(tries, f"10.0.{number}.1", 1)

    assert tries.wait_s("198.51.100.1", 10.0) == 50
    assert tries.wait_s("192.0.2.1", 10.0) == 0
    assert tries.wait_s("198.51.100.1", 60.0) == 0


def test_whoever_has_a_network_of_version_6_is_one() -> None:
    tries = Tries()
    for number in range(30):
        guess(tries, f"2001:db8::{number:x}", 1)

    assert tries.wait_s("2001:db8::ffff", 0.0) == LONGEST_WAIT_S
    assert tries.wait_s("2001:db8:0:1::1", 0.0) == 0


def test_names_that_are_no_addresses_are_one_and_the_memory_is_bounded() -> None:
    tries = Tries()
    for number in range(MOST_ADDRESSES + 50):
        tries.failed(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", "wrong", number * 60.0)
    guess(tries, "junk", 10)

    assert tries.wait_s("other junk", 0.0) > 0
    assert len(tries._guessers) == MOST_ADDRESSES
