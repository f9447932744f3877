"""When a stream is sent again, and when it is left alone."""

from producer.backlog import Stream
from producer.cursor import Cursor


def cursor(sequence: int = 100, watermark: int = 0) -> Cursor:
    return Cursor(Stream(1, "/sites/YARD/devices/GATE", sequence, watermark))


def test_a_watermark_moves_what_is_outstanding() -> None:
    moved = cursor()
    moved.sent_upto(40, 4000, now=0.0)
    moved.sent_upto(80, 4000, now=0.0)
    moved.confirmed(40, now=0.1)

    assert (moved.outstanding, moved.outstanding_bytes, moved.unsent) == (40, 4000, 20)


def test_patience_is_lost_after_1_2_4_and_at_most_30_seconds() -> None:
    silent = cursor()
    now, waits = 0.0, []
    for _ in range(8):
        silent.sent_upto(10, 100, now)
        stalls_at = silent.stalls_at()
        assert stalls_at is not None
        assert not silent.lose_patience(stalls_at - 0.01)
        assert silent.lose_patience(stalls_at)
        waits.append(stalls_at - now)
        now = stalls_at

    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_nothing_stalls_while_nothing_is_outstanding() -> None:
    idle = cursor(sequence=0)

    assert idle.stalls_at() is None
    assert not idle.lose_patience(1000.0)


def test_any_word_from_ingest_ends_the_probing_and_sends_again_at_once() -> None:
    probing = cursor()
    probing.sent_upto(100, 1000, now=0.0)
    probing.lose_patience(1.0)
    probing.sent_upto(20, 200, now=1.0)
    probing.confirmed(0, now=5.0)

    assert not probing.probing
    assert probing.sent == 0


def test_a_repeated_watermark_does_not_disturb_what_is_on_its_way() -> None:
    busy = cursor(watermark=10)
    busy.sent_upto(50, 1000, now=0.0)
    busy.confirmed(10, now=0.2)

    assert busy.sent == 50
    assert busy.stalls_at() == 1.0


def test_a_watermark_that_went_back_sends_from_there() -> None:
    restored = cursor(watermark=90)
    restored.sent_upto(100, 1000, now=0.0)
    restored.confirmed(30, now=0.2)

    assert (restored.sent, restored.unsent, restored.outstanding_bytes) == (30, 70, 0)


def test_what_the_outbox_says_does_not_move_the_watermark() -> None:
    informed = cursor(sequence=10, watermark=4)
    informed.saw(Stream(1, "/sites/YARD/devices/GATE", 12, 0), now=3.0)

    assert (informed.stream.watermark, informed.stream.sequence) == (4, 12)
