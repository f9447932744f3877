"""How long messages are behind what the kernel sees."""

from producer.relay.hidden_delay import HiddenDelay


def test_a_link_whose_bytes_wait_here_hides_nothing() -> None:
    hidden = HiddenDelay()
    for tenth in range(100):
        hidden.hold(tenth / 10)

    assert hidden.overdue_s(0.0, 9.95) < 0.1
    hidden.acknowledge(0.0, 10.0)
    assert hidden.delay_s(None, 10.0) == 0.0


def test_bytes_that_arrived_somewhere_and_are_not_acknowledged_are_overdue() -> None:
    hidden = HiddenDelay()
    hidden.acknowledge(0.0, 0.25)

    assert hidden.overdue_s(1.0, 4.25) == 3.0
    hidden.acknowledge(1.0, 6.25)
    assert hidden.delay_s(None, 6.25) == 5.0
    assert hidden.overdue_s(None, 6.25) == 0.0


def test_a_broker_that_is_far_away_is_no_delay() -> None:
    hidden = HiddenDelay()
    for second in range(5):
        hidden.acknowledge(second, second + 0.6)

    assert hidden.delay_s(5.0, 5.5) < 1e-9
