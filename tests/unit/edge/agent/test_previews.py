"""Previews go to who asks for them, and to who only subscribes, and are not made for nobody."""

from bus_schemas.protocol import LiveKind
from edge.agent.previews import ASK_AGAIN_S, Previews
from producer.relay.bus_messages import OnAcknowledged


class Bus:
    """A broker whose answers the test gives, and a device that has a picture ten times a second."""

    def __init__(self, kind: LiveKind = "visual") -> None:
        self.now_s = 0.0
        self.kind = kind
        self.sent: list[float] = []
        self.asked: list[OnAcknowledged] = []
        self.subscribers = 0
        self.is_connected = True
        self.previews = Previews(self._send, lambda: self.now_s)

    def _send(self, kind: str, jpeg: bytes, on_acknowledged: OnAcknowledged | None = None) -> None:
        assert (kind, jpeg) == (self.kind, b"jpeg")
        self.sent.append(self.now_s)
        if on_acknowledged is not None:
            self.asked.append(on_acknowledged)
            if self.is_connected:
                on_acknowledged(is_read=self.subscribers > 0)

    def run(self, seconds: float) -> list[float]:
        """When previews were sent in so long a time, by its beginning."""
        began, before = self.now_s, len(self.sent)
        for step in range(round(seconds * 10)):
            self.now_s = began + step / 10
            if self.previews.is_wanted(self.kind):
                self.previews.show(self.kind, b"jpeg")
        self.now_s = began + seconds
        return [round(at - began, 1) for at in self.sent[before:]]


def test_for_nobody_there_is_one_now_and_then_that_asks_the_broker() -> None:
    assert Bus().run(3 * ASK_AGAIN_S) == [0, ASK_AGAIN_S, 2 * ASK_AGAIN_S]


def test_who_asks_gets_all_of_them_at_once_and_until_the_lease_ends() -> None:
    bus = Bus()
    bus.run(1)
    bus.previews.watch("visual", 2.0)

    assert len(bus.run(2)) == 20
    assert bus.run(1) == [], "the broker had said that there is nobody else"


def test_of_who_asks_the_broker_need_not_know() -> None:
    bus = Bus()
    bus.previews.watch("visual", 60.0)
    bus.run(30)

    assert not bus.asked


def test_who_only_subscribes_gets_the_first_within_seconds_and_then_all() -> None:
    bus = Bus()
    bus.run(1)
    bus.subscribers = 1
    found = bus.run(30)

    assert found[0] <= ASK_AGAIN_S
    assert len(found) == (30 - found[0]) * 10


def test_when_the_last_who_only_subscribed_leaves_previews_end_within_seconds() -> None:
    bus = Bus()
    bus.subscribers = 1
    bus.run(10)
    bus.subscribers = 0
    bus.run(ASK_AGAIN_S)

    assert len(bus.run(10)) == 2


def test_a_broker_that_does_not_answer_costs_nobody_a_preview() -> None:
    bus = Bus()
    bus.is_connected = False

    assert len(bus.run(20)) == 200


def test_what_the_motion_detector_sees_is_for_who_asks_alone() -> None:
    bus = Bus("motion")
    bus.subscribers = 1

    assert bus.run(20) == []
    bus.previews.watch("motion", 1.0)
    assert len(bus.run(20)) == 10
    assert not bus.asked


def test_a_kind_that_this_release_does_not_know_is_asked_for_in_vain() -> None:
    bus = Bus()
    bus.previews.watch("sonar", 10.0)

    assert len(bus.run(ASK_AGAIN_S)) == 1
