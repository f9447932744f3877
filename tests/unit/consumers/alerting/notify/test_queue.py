"""The queue of a receiver: what is tried again when, what is set aside, and that nothing is told twice or never."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from pydantic_core import from_json

from bus_schemas.alert import AlertEvent
from consumers.alerting.notify.delivery import AlertDelivery, DeliveryOutcome, DeliveryVerdict
from consumers.alerting.notify.legacy import carry_over
from consumers.alerting.notify.message import body_of, message_of
from consumers.alerting.notify.queue import MOST_WAITING, RETRY, SCHEMA, DeliveryQueue, put
from tests.builders import alert
from tests.examples import examples
from tests.receivers import event_ids

RECEIVER = "pager"
TAKEN = DeliveryOutcome(DeliveryVerdict.TAKEN)
DOWN = DeliveryOutcome(DeliveryVerdict.UNREACHABLE, "nothing listens at its address")
BROKEN = DeliveryOutcome(DeliveryVerdict.FAILED, "it answered with status 500")
REFUSED = DeliveryOutcome(DeliveryVerdict.REFUSED, "it answered with status 401")
TOO_LARGE = DeliveryOutcome(DeliveryVerdict.TOO_LARGE, "too large")


@pytest.fixture
def state() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as state:
        state.executescript(SCHEMA)
        yield state


class QueueBench:
    """A receiver and its queue on a clock that the test moves."""

    def __init__(self, state: sqlite3.Connection) -> None:
        self.state = state
        self.queue = DeliveryQueue(state, RECEIVER, lambda: 0.0)
        self.now = 100_000.0
        self.answers: Callable[[Sequence[AlertDelivery]], DeliveryOutcome] = lambda deliveries: TAKEN
        self.messages: list[tuple[float, list[AlertDelivery]]] = []
        self.taken: list[str] = []

    def put(self, *events: AlertEvent) -> None:
        put(self.state, [RECEIVER], events, self.now)

    def turn(self) -> float | None:
        """Post once if something is due; when to look again."""
        choice = self.queue.next(self.now)
        if not choice.deliveries:
            return choice.at
        outcome = self.answers(choice.deliveries)
        self.messages.append((self.now, list(choice.deliveries)))
        if outcome.verdict is DeliveryVerdict.TAKEN:
            self.taken += event_ids(from_json(message_of(choice.deliveries).body))
        self.queue.settle(choice.deliveries, outcome, self.now)
        return self.now

    def run(self, until: float) -> None:
        """Let the time pass as the courier would."""
        while True:
            at = self.turn()
            if at is None or max(at, self.now) > until:
                self.now = until
                return
            self.now = max(at, self.now)

    def set_aside(self) -> list[str]:
        query = "select event_id from delivery where ended = 'set aside' order by number"
        return [event_id for (event_id,) in self.state.execute(query)]


@pytest.fixture
def receiver(state: sqlite3.Connection) -> QueueBench:
    return QueueBench(state)


def of(device: str, number: int, state: str = "raised", kind: str = "device_offline") -> AlertEvent:
    event = alert(device=device, state=state, of=kind, id=f"{device}-{number}-{state}")
    return event.model_copy(update={"data": event.data.model_copy(update={"alert_id": f"{device}-{number}"})})


def test_a_single_alert_leaves_at_once_and_as_it_is(receiver: QueueBench) -> None:
    event = of("gate", 1)
    receiver.put(event)
    receiver.turn()

    ((at, deliveries),) = receiver.messages
    assert at == receiver.now
    assert message_of(deliveries).body == body_of(event)
    assert message_of(deliveries).key == event.id


def test_what_was_not_taken_is_tried_again_later(receiver: QueueBench) -> None:
    receiver.answers = lambda _: DOWN
    receiver.put(of("gate", 1))
    receiver.run(receiver.now + 40)

    assert [at - 100_000 for at, _ in receiver.messages] == [0, 5, 15, 35]


def test_the_next_alert_is_not_held_back_by_one_that_fails(receiver: QueueBench) -> None:
    receiver.answers = lambda deliveries: BROKEN if deliveries[0].device == "gate" else TAKEN
    receiver.put(of("gate", 1))
    receiver.turn()
    receiver.put(of("yard", 1))
    receiver.run(receiver.now + 1)

    assert receiver.taken == ["yard-1-raised"]


def test_a_clear_waits_for_its_raise(receiver: QueueBench) -> None:
    receiver.answers = lambda deliveries: BROKEN
    receiver.put(of("gate", 1))
    receiver.turn()
    receiver.put(of("gate", 1, "cleared"))
    receiver.run(receiver.now + 2)
    receiver.answers = lambda deliveries: TAKEN
    receiver.run(receiver.now + 20)

    assert receiver.taken == ["gate-1-raised", "gate-1-cleared"]


def test_a_permanent_refusal_is_set_aside_after_three_tries(receiver: QueueBench) -> None:
    receiver.answers = lambda deliveries: REFUSED
    receiver.put(of("gate", 1))
    receiver.run(receiver.now + 86_400)

    assert len(receiver.messages) == 3
    assert receiver.set_aside() == ["gate-1-raised"]


def test_a_message_that_is_too_large_is_tried_once_more_without_details(receiver: QueueBench) -> None:
    receiver.answers = lambda deliveries: TOO_LARGE
    event = of("gate", 1)
    receiver.put(event.model_copy(update={"data": event.data.model_copy(update={"details": {"text": "x" * 5000}})}))
    receiver.run(receiver.now + 60)

    sizes = [len(message_of(deliveries).body) for _, deliveries in receiver.messages]
    assert sizes[0] > 5000 > 500 > sizes[1]
    assert len(sizes) == 2
    assert receiver.set_aside() == ["gate-1-raised"]


def test_one_alert_that_is_refused_costs_few_of_those_that_were_told_with_it(receiver: QueueBench) -> None:
    receiver.answers = lambda deliveries: REFUSED if any(one.device == "d77" for one in deliveries) else TAKEN
    receiver.put(*[of(f"d{number}", 1) for number in range(200)])
    receiver.run(receiver.now + 3600)

    assert "d77-1-raised" in receiver.set_aside()
    assert len(receiver.set_aside()) <= 13
    assert len(receiver.taken) + len(receiver.set_aside()) == 200


def test_who_asks_to_be_left_alone_is_left_alone(receiver: QueueBench) -> None:
    receiver.answers = lambda deliveries: DeliveryOutcome(DeliveryVerdict.FAILED, "it answered with status 429", 30.0)
    receiver.put(of("gate", 1))
    receiver.turn()
    receiver.put(of("yard", 1))
    receiver.answers = lambda deliveries: TAKEN
    receiver.run(receiver.now + 29)
    assert receiver.taken == []
    receiver.run(receiver.now + 3)

    assert sorted(receiver.taken) == ["gate-1-raised", "yard-1-raised"]


def test_the_first_success_brings_what_found_nobody_there(receiver: QueueBench) -> None:
    receiver.answers = lambda deliveries: DOWN
    receiver.put(of("gate", 1))
    receiver.run(receiver.now + 7200)
    receiver.answers = lambda deliveries: TAKEN
    receiver.put(of("yard", 1))
    receiver.run(receiver.now + 2)

    assert receiver.taken == ["yard-1-raised", "gate-1-raised"]


def test_nothing_is_tried_for_ever(receiver: QueueBench) -> None:
    receiver.answers = lambda deliveries: DOWN
    receiver.put(of("gate", 1))
    receiver.run(receiver.now + 4 * 86_400)

    assert receiver.set_aside() == ["gate-1-raised"]


def test_200_devices_that_are_lost_at_once_are_one_message_and_so_is_their_return(receiver: QueueBench) -> None:
    receiver.put(*[of(f"d{number:03d}", 1) for number in range(200)])
    receiver.run(receiver.now + 10)
    receiver.put(*[of(f"d{number:03d}", 1, "cleared") for number in range(200)])
    receiver.run(receiver.now + 10)

    lost, back = (from_json(message_of(deliveries).body) for _, deliveries in receiver.messages)
    assert (lost["count"], back["count"]) == (200, 200)
    assert lost["message"].startswith("200 devices of DEMO are offline: d000, d001, ")
    assert lost["message"].endswith("d049, and 150 more")
    assert back["message"].startswith("200 devices of DEMO are not offline any more: d000")
    assert len(receiver.taken) == 400


def test_that_200_devices_are_back_is_one_message_and_that_one_is_back_two_as_ever(receiver: QueueBench) -> None:
    for number in range(200):
        receiver.put(of(f"d{number:03d}", 1, "cleared"), of(f"d{number:03d}", 2, kind="device_recovered"))
    receiver.run(receiver.now + 10)
    receiver.put(of("gate", 1, "cleared"), of("gate", 2, kind="device_recovered"))
    receiver.run(receiver.now + 10)

    many, *alone = [from_json(message_of(deliveries).body) for _, deliveries in receiver.messages]
    assert (many["count"], many["type"], many["state"]) == (400, "digest", "mixed")
    assert many["message"].startswith("200 devices of DEMO are back: d000, d001, ")
    assert [(one["type"], "grouped" in one) for one in alone] == [
        ("device_offline", False),
        ("device_recovered", False),
    ]


def test_a_critical_alert_waits_for_no_window(receiver: QueueBench) -> None:
    for number in range(10):
        receiver.put(of("gate", number), of("gate", number, "cleared"))
        receiver.run(receiver.now + 2)
    receiver.put(of("yard", 1))
    event = of("hall", 1)
    receiver.put(event.model_copy(update={"data": event.data.model_copy(update={"level": "critical"})}))
    receiver.run(receiver.now + 1)

    assert "hall-1-raised" in receiver.taken


def test_a_device_that_flaps_gets_few_messages(receiver: QueueBench) -> None:
    for number in range(300):
        receiver.put(of("gate", number), of("gate", number, "cleared"))
        receiver.run(receiver.now + 2)
    receiver.run(receiver.now + 60)

    assert len(receiver.taken) == 600
    assert len(receiver.messages) < 80, "ten minutes of flapping"


def test_more_than_may_wait_are_set_aside_oldest_first(receiver: QueueBench) -> None:
    receiver.put(*[of(f"d{number}", 1) for number in range(MOST_WAITING + 3)])

    assert receiver.queue.bound() == 3
    assert receiver.set_aside() == ["d0-1-raised", "d1-1-raised", "d2-1-raised"]


def test_a_clock_that_is_set_back_holds_nothing_back(receiver: QueueBench) -> None:
    receiver.put(of("gate", 1))
    receiver.turn()
    receiver.now -= 3600
    receiver.put(of("gate", 1, "cleared"))
    receiver.run(receiver.now + 1)

    assert receiver.taken == ["gate-1-raised", "gate-1-cleared"]


def test_the_same_alert_is_queued_once(receiver: QueueBench) -> None:
    receiver.put(of("gate", 1))
    receiver.run(receiver.now + 1)
    receiver.put(of("gate", 1))
    receiver.run(receiver.now + 1)

    assert receiver.taken == ["gate-1-raised"]


def test_what_waited_in_the_queue_of_an_older_version_is_delivered(state: sqlite3.Connection) -> None:
    state.execute(
        "create table queue (number integer primary key, event_id text not null unique, body blob not null,"
        " born real not null, attempts integer not null default 0, due real not null, ended text) strict"
    )
    old, done = of("gate", 1), of("yard", 1)
    state.execute("insert into queue values (1, ?, x'', 990, 0, 990, 'delivered')", (done.id,))
    state.execute("insert into queue values (2, ?, ?, 990, 0, 990, null)", (old.id, body_of(old)))
    carry_over(state)
    carry_over(state)
    choice = DeliveryQueue(state, "webhook").next(1000.0)

    assert [message_of([one]).body for one in choice.deliveries] == [body_of(old)]
    assert choice.deliveries[0].cause == ("DEMO", "device_offline", "raised")


def test_the_wait_doubles_up_to_an_hour() -> None:
    assert [RETRY.after(attempts, lambda: 0.0) for attempts in (1, 2, 3, 30)] == [5.0, 10.0, 20.0, 3600.0]
    assert RETRY.after(1, lambda: 1.0) == 2.5


def _the_same(outcome: DeliveryOutcome, _: Sequence[AlertDelivery]) -> DeliveryOutcome:
    return outcome


STEPS = st.lists(
    st.tuples(
        st.floats(0, 8),
        st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["device_offline", "freeze"])), max_size=8),
        st.sampled_from(["taken", "taken", "down", "broken", "refused", "large"]),
    ),
    max_size=25,
)


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_each_alert_is_in_one_message_or_set_aside_in_order_and_one_post_a_second(
    steps: list[tuple[float, list[tuple[int, str]], str]],
) -> None:
    answers = {"taken": TAKEN, "down": DOWN, "broken": BROKEN, "refused": REFUSED, "large": TOO_LARGE}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as state:
        state.executescript(SCHEMA)
        receiver, is_open, numbers = QueueBench(state), dict[tuple[int, str], int](), 0
        put_order: list[str] = []
        for wait_s, changes, answer in steps:
            receiver.answers = partial(_the_same, answers[answer])
            for device, kind in changes:
                number = is_open.pop((device, kind), None)
                if number is None:
                    numbers += 1
                    is_open[device, kind] = numbers
                event = of(f"d{device}", number or numbers, "raised" if number is None else "cleared", kind)
                receiver.put(event)
                put_order.append(event.id)
            receiver.run(receiver.now + wait_s)
        receiver.answers = lambda _: TAKEN
        receiver.run(receiver.now + 4 * 3600)

        assert sorted(receiver.taken + receiver.set_aside()) == sorted(put_order)
        times = [at for at, _ in receiver.messages]
        assert all(after - before > 0.999_999 for before, after in pairwise(times))
        place = {event_id: at for at, event_id in enumerate(receiver.taken)}
        for event_id in receiver.taken:
            if event_id.endswith("-cleared"):
                raised = event_id.replace("cleared", "raised")
                assert raised not in place or place[raised] < place[event_id]
        if all(answer == "taken" for *_, answer in steps):
            for device in range(6):
                mine = [event_id for event_id in receiver.taken if event_id.startswith(f"d{device}-")]
                assert mine == [event_id for event_id in put_order if event_id.startswith(f"d{device}-")]


def test_a_receiver_that_takes_nothing_gets_one_message_a_minute_and_all_of_them_once_it_does(
    receiver: QueueBench,
) -> None:
    receiver.answers = lambda deliveries: BROKEN
    begun = receiver.now
    for number in range(400):
        receiver.put(of(f"d{number}", number))
        receiver.run(receiver.now + 9)
    posts = len(receiver.messages)
    assert 3 < posts < 80
    receiver.answers = lambda deliveries: TAKEN
    receiver.put(of("last", 1))
    receiver.run(receiver.now + 2 * 3600)

    assert len(set(receiver.taken)) == len(receiver.taken) == 401
    assert receiver.now - begun < 3 * 3600 + 1


def test_an_alert_that_alone_is_never_taken_delays_no_other(receiver: QueueBench) -> None:
    receiver.answers = lambda deliveries: BROKEN if any("poison" in one.event_id for one in deliveries) else TAKEN
    receiver.put(of("poison", 1))
    receiver.run(receiver.now + 600)
    receiver.put(of("gate", 2))
    receiver.run(receiver.now + 5)

    assert receiver.taken == ["gate-2-raised"]


def test_what_kept_alerts_from_a_receiver_is_known_to_the_process_after_the_one_that_found_it(
    receiver: QueueBench, state: sqlite3.Connection
) -> None:
    receiver.put(of("gate", 1))
    receiver.answers = lambda deliveries: DOWN
    assert receiver.queue.known_trouble() is None

    receiver.run(receiver.now + 3600)
    assert DeliveryQueue(state, RECEIVER).known_trouble() == DOWN.reason

    receiver.answers = lambda deliveries: TAKEN
    receiver.run(receiver.now + 7200)
    assert DeliveryQueue(state, RECEIVER).known_trouble() is None


def test_that_alerts_were_set_aside_is_known_until_others_are_taken(
    receiver: QueueBench, state: sqlite3.Connection
) -> None:
    receiver.put(of("gate", 1))
    receiver.answers = lambda deliveries: REFUSED
    receiver.run(receiver.now + 3600)

    assert receiver.set_aside() == ["gate-1-raised"]
    assert DeliveryQueue(state, RECEIVER).known_trouble() == REFUSED.reason

    receiver.answers = lambda deliveries: TAKEN
    receiver.put(of("gate", 2))
    receiver.run(receiver.now + 10)
    assert DeliveryQueue(state, RECEIVER).known_trouble() is None
