"""Messages beside the streams: what may wait for room on the connection, and what is dropped without."""

from producer.relay.bus_messages import Outgoing
from producer.relay.unqueued_messages import MOST_BYTES, UnqueuedMessages

PREVIEW = Outgoing("yard/visual", b"jpeg", qos=0)


def fragment(number: int, topic: str = "yard/video", size: int = 1) -> Outgoing:
    return Outgoing(topic, bytes([number]) * size, qos=0, waits_s=1.0)


class Link:
    """A connection that has room where the test says so."""

    def __init__(self) -> None:
        self.has_room = True
        self.sent: list[bytes] = []

    def publish(self, message: Outgoing) -> bool:
        if self.has_room or message.qos:
            self.sent.append(message.payload[:4])
        return self.has_room or bool(message.qos)


def test_a_fragment_of_live_video_waits_for_room_and_a_preview_does_not() -> None:
    waiting, link = UnqueuedMessages(), Link()
    link.has_room = False
    for message in (fragment(1), PREVIEW, fragment(2)):
        waiting.add(message, 0.0)
    waiting.send(link.publish, 0.1)
    link.has_room = True
    waiting.add(fragment(3), 0.2)
    waiting.send(link.publish, 0.2)

    assert link.sent == [b"\1", b"\2", b"\3"]


def test_an_answer_never_waits() -> None:
    waiting, link = UnqueuedMessages(), Link()
    link.has_room = False
    waiting.add(fragment(1), 0.0)
    waiting.add(Outgoing("answer", b"done"), 0.0)
    waiting.send(link.publish, 0.0)

    assert link.sent == [b"done"]


def test_no_fragment_overtakes_one_of_its_camera_that_waits() -> None:
    waiting = UnqueuedMessages()
    sent: list[tuple[str, bytes]] = []

    def publish(message: Outgoing) -> bool:
        """It has room for small ones."""
        if len(message.payload) < 10:
            sent.append((message.topic, message.payload))
        return len(message.payload) < 10

    for message in (fragment(1, size=20), fragment(2), fragment(3, topic="gate/video")):
        waiting.add(message, 0.0)
    waiting.send(publish, 0.0)

    assert sent == [("gate/video", b"\3")]


def test_what_waits_too_long_is_dropped() -> None:
    waiting, link = UnqueuedMessages(), Link()
    link.has_room = False
    waiting.add(fragment(1), 0.0)
    waiting.send(link.publish, 0.5)
    waiting.send(link.publish, 1.0)
    link.has_room = True
    waiting.send(link.publish, 1.0)

    assert link.sent == []


def test_what_waits_is_bounded_in_bytes() -> None:
    waiting, link = UnqueuedMessages(), Link()
    link.has_room = False
    for number in range(1, 6):
        waiting.add(fragment(number, size=MOST_BYTES // 3), 0.0)
    waiting.send(link.publish, 0.0)
    link.has_room = True
    waiting.send(link.publish, 0.0)

    assert link.sent == [bytes([number]) * 4 for number in (1, 2, 3)]
