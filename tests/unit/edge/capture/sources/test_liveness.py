"""When a camera is given up, and when damage is told."""

import pytest

from edge.capture.sources.liveness import DamageCount, Liveness


def watched(moments: list[float], timeout_s: float = 10.0) -> Liveness:
    liveness = Liveness(timeout_s, now_s=0.0)
    for moment in moments:
        liveness.packet(moment)
        liveness.decoded(moment)
    return liveness


@pytest.mark.parametrize(
    ("moments", "limit_s"),
    [([], 10), ([0.0], 30), ([0.0, 0.04, 0.08], 10), ([0.0, 5.0], 15), ([0.0, 12.0, 24.0], 30)],
    ids=["no picture yet", "one alone", "25 a second", "one in five seconds", "one in twelve seconds"],
)
def test_a_camera_is_waited_for_as_long_as_its_own_rate_says(moments: list[float], limit_s: float) -> None:
    assert watched(moments).limit_s == limit_s
    assert watched(moments).read_limit_s == limit_s


def test_pictures_that_stop_are_missed_although_there_is_sound() -> None:
    liveness = watched([number / 25 for number in range(100)])
    liveness.sound(13.0)

    assert liveness.complaint(13.9) is None
    assert liveness.complaint(14.0) == "no pictures for 10 s, although there is sound"


def test_packets_of_which_no_picture_can_be_made_are_not_enough() -> None:
    liveness = watched([])
    for number in range(1000):
        liveness.packet(number / 10)

    assert liveness.complaint(89.0) is None
    assert liveness.complaint(99.9) == "what it sends could not be decoded for 100 s"


def test_a_camera_whose_pictures_could_be_decoded_is_given_up_sooner_when_none_can_be_any_more() -> None:
    liveness = watched([number / 10 for number in range(60)])
    for number in range(60, 1000):
        liveness.packet(number / 10)

    assert liveness.complaint(35.8) is None
    assert liveness.complaint(36.0) == "what it sends could not be decoded for 30 s"


def test_damage_is_told_above_a_share_of_the_last_minute() -> None:
    now = 0.0
    damage = DamageCount(lambda: now)
    for number in range(1000):
        now = number / 25
        damage.count(damaged=number % 10 == 0)
    assert damage.sentence("what it sent") == "10% of what it sent in the last minute was damaged and is missing"

    for number in range(1000, 3000):
        now = number / 25
        damage.count(damaged=False)
    assert damage.sentence("what it sent") is None


def test_a_few_packets_are_no_share() -> None:
    damage = DamageCount(lambda: 0.0)
    for _ in range(5):
        damage.count(damaged=True)

    assert damage.sentence("what it sent") is None
