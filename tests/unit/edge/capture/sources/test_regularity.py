"""When a camera that fell silent is asked again before its time."""

from edge.capture.sources.liveness import Liveness
from edge.capture.sources.regularity import Regularity


def picture(liveness: Liveness, at_s: float) -> None:
    liveness.packet(at_s)
    liveness.decoded(at_s)


def sent(regularity: Regularity, first_s: float, last_s: float, step_s: float = 1 / 15) -> Liveness:
    """A new connection with a picture each `step_s`."""
    liveness = Liveness(10.0, first_s, regularity)
    for number in range(round((last_s - first_s) / step_s) + 1):
        picture(liveness, first_s + number * step_s)
    return liveness


def test_a_camera_that_sent_without_a_pause_is_missed_after_two_seconds() -> None:
    assert sent(Regularity(), 0.0, 15.0).read_limit_s == 10.0
    assert sent(Regularity(), 0.0, 25.0).read_limit_s == 2.0


def test_a_slow_camera_and_one_that_sends_in_bursts_keep_their_time() -> None:
    assert sent(Regularity(), 0.0, 60.0, step_s=1.0).read_limit_s == 5.0
    assert sent(Regularity(), 0.0, 60.0, step_s=5.0).read_limit_s == 15.0
    bursts, regularity = Liveness(10.0, 0.0, regularity := Regularity()), regularity
    for second in range(0, 40, 2):
        for _ in range(30):
            picture(bursts, float(second))
    assert bursts.read_limit_s == 10.0


def test_a_pause_is_remembered_for_a_minute() -> None:
    regularity = Regularity()
    liveness = sent(regularity, 0.0, 30.0)
    for number in range(15 * 50):
        picture(liveness, 31.0 + number / 15)
    assert liveness.read_limit_s == 5.0
    for number in range(15 * 20):
        picture(liveness, 81.0 + number / 15)
    assert liveness.read_limit_s == 2.0


def test_after_an_outage_of_the_network_nothing_is_given_up_early_for_a_while() -> None:
    regularity = Regularity()
    sent(regularity, 0.0, 30.0)

    assert sent(regularity, 33.0, 60.0).read_limit_s == 2.0
    assert sent(regularity, 70.0, 100.0).read_limit_s == 10.0
    assert sent(regularity, 101.0, 800.0).read_limit_s == 2.0


def test_sound_that_goes_on_alone_is_no_reason_to_give_up_early() -> None:
    liveness = sent(Regularity(), 0.0, 25.0)

    assert liveness.complaint(30.0) is None
    assert liveness.complaint(35.1) is not None


def test_packets_that_can_no_longer_be_decoded_end_a_connection_as_soon_as_silence_does() -> None:
    liveness = sent(Regularity(), 0.0, 25.0)
    for number in range(3):
        liveness.packet(25.7 + number / 2)

    assert liveness.complaint(26.9) is None
    assert liveness.complaint(27.1) == "what it sends could not be decoded for 2 s, although it could before"
