"""A limit of bytes a second."""

from producer.relay.throttle import Throttle


def test_what_was_spent_beyond_the_credit_is_waited_for() -> None:
    throttle = Throttle(1000, now=0.0)
    throttle.spend(3000)

    assert throttle.wait_s(0.0) == 2.0
    assert throttle.wait_s(1.5) == 0.5
    assert throttle.wait_s(2.0) == 0.0


def test_credit_is_saved_for_a_second_and_no_longer() -> None:
    throttle = Throttle(1000, now=0.0)
    throttle.wait_s(3600.0)
    throttle.spend(1500)

    assert throttle.wait_s(3600.0) == 0.5


def test_what_is_not_urgent_may_use_the_credit_and_no_more() -> None:
    throttle = Throttle(1000, now=0.0)
    throttle.spend(800)
    assert throttle.credit(0.0) == 200

    throttle.spend(300)
    assert throttle.credit(0.0) == -100
    assert Throttle(None, now=0.0).credit(5.0) == float("inf")


def test_without_a_limit_nothing_waits() -> None:
    throttle = Throttle(None, now=0.0)
    throttle.spend(10**9)

    assert throttle.wait_s(0.0) == 0.0
