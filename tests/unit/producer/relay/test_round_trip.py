"""How long to wait for a watermark."""

from producer.relay.round_trip import RoundTrip


def test_nothing_is_sent_again_within_a_second() -> None:
    fast = RoundTrip()
    for _ in range(50):
        fast.add(0.004)

    assert fast.timeout_s(0) == 1.0


def test_each_time_in_vain_doubles_the_wait_up_to_half_a_minute() -> None:
    assert [RoundTrip().timeout_s(retries) for retries in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_who_takes_long_is_waited_for() -> None:
    slow = RoundTrip()
    for seconds in (3.0, 5.0, 4.0, 6.0):
        slow.add(seconds)

    assert slow.timeout_s(0) > 6.0


def test_one_long_wait_is_enough_to_be_patient_and_is_forgotten_again() -> None:
    hiccup = RoundTrip()
    for _ in range(20):
        hiccup.add(0.01)
    hiccup.add(14.0)
    assert hiccup.timeout_s(0) > 14.0

    for _ in range(60):
        hiccup.add(0.01)
    assert hiccup.timeout_s(0) == 1.0
