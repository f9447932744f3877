"""When a stream is sent again, and when it is left alone."""

from producer.outbox.backlog import OutboxStream
from producer.relay.cursor import Cursor, Window


def stream(sequence: int = 100, watermark: int = 0) -> OutboxStream:
    return OutboxStream(1, "/sites/YARD/devices/GATE", "one", sequence, watermark)


def cursor(sequence: int = 100, watermark: int = 0) -> Cursor:
    return Cursor(stream(sequence, watermark))


def sent(*lasts: int) -> Cursor:
    """With messages up to these sequences on their way, 1 s one after the other."""
    made = cursor()
    for now, last in enumerate(lasts):
        made.sent_upto(last, 1000, float(now))
    return made


def test_a_watermark_moves_what_is_outstanding() -> None:
    moved = sent(40, 80)
    took = moved.confirmed(40, now=0.1)

    assert (moved.outstanding, moved.window.bytes, moved.unsent, took) == (40, 1000, 20, 0.1)


def test_a_window_counts_all_of_its_streams() -> None:
    window = Window()
    one, other = Cursor(stream(), window), Cursor(stream(), window)
    one.sent_upto(40, 4000, now=0.0)
    other.sent_upto(10, 100, now=0.0)
    one.confirmed(40, now=0.1)
    assert (window.events, window.bytes) == (10, 100)

    other.probe(now=1.0)
    assert (window.events, window.bytes) == (0, 0)


def test_a_probe_is_one_message_until_its_watermark_comes() -> None:
    silent = sent(40, 80)
    silent.probe(now=2.0)
    assert (silent.sent, silent.has_room) == (0, True)

    silent.sent_upto(40, 1000, now=2.0)
    assert not silent.has_room


def test_who_was_merely_slow_is_sent_nothing_twice_but_the_probe() -> None:
    slow = sent(10, 20, 30, 40)
    slow.probe(now=4.0)
    slow.sent_upto(10, 1000, now=4.0)
    took = slow.confirmed(20, now=5.0)

    assert (slow.sent, slow.outstanding, slow.window.bytes) == (40, 20, 2000)
    assert slow.has_room
    assert took == 4.0


def test_the_time_of_what_was_sent_twice_is_not_known() -> None:
    slow = sent(10, 20)
    slow.probe(now=4.0)
    slow.sent_upto(10, 1000, now=4.0)

    assert slow.confirmed(10, now=5.0) is None


def test_what_was_lost_is_sent_again_by_twice_as_many_messages_each_time() -> None:
    lost = sent(10, 20, 30, 40, 50)
    lost.probe(now=5.0)
    lost.sent_upto(10, 1000, now=5.0)
    lost.confirmed(10, now=5.1)
    lost.sent_upto(20, 1000, now=5.1)
    assert lost.has_room
    lost.sent_upto(30, 1000, now=5.1)
    assert not lost.has_room

    lost.confirmed(30, now=5.2)
    for last in (40, 50, 60, 70, 80, 90):
        lost.sent_upto(last, 1000, now=5.2)
    lost.confirmed(50, now=5.3)
    assert lost.has_room
    assert lost.outstanding == 40


def test_a_repeated_watermark_does_not_disturb_what_is_on_its_way() -> None:
    busy = cursor(watermark=10)
    busy.sent_upto(50, 1000, now=0.0)
    busy.confirmed(10, now=0.2)

    assert (busy.sent, busy.progress_at) == (50, 0.0)


def test_a_watermark_that_went_back_sends_from_there() -> None:
    restored = cursor(watermark=90)
    restored.sent_upto(100, 1000, now=0.0)
    restored.confirmed(30, now=0.2)

    assert (restored.sent, restored.unsent, restored.window.bytes) == (30, 70, 0)


def test_what_the_outbox_says_does_not_move_the_watermark() -> None:
    informed = cursor(sequence=10, watermark=4)
    informed.saw(stream(12, 0), now=3.0)

    assert (informed.stream.watermark, informed.stream.sequence) == (4, 12)
