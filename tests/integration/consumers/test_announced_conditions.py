"""Conditions of devices on the bus: retained for who comes later, and said again to a broker that forgot them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bus_schemas.protocol import REPORT_AGAIN_S, REPORT_EXPIRES_S, DeviceReport
from consumers.alerting.announcer import SAID_PER_TURN, ConditionAnnouncer
from consumers.alerting.projection import AlertingProjection
from consumers.engine import view_files
from consumers.hub_config import HubConfig
from producer.broker import BrokerAddress
from tests.broker import Broker
from tests.builders import START, at, frame, state, thermal, tick
from tests.eventually import eventually
from tests.following import Followed, hub_in
from tests.retained_messages import retained

TOPIC = "watchpost/v1/DEMO/{}/condition"


class Announced:
    """The announcer beside a view, and what a program sees that subscribes now."""

    def __init__(self, hub: HubConfig, broker: Broker, expires_s: int) -> None:
        self.address = BrokerAddress(port=broker.port)
        self.followed = Followed(AlertingProjection(), hub.data)
        self.seconds = 0.0
        self.sink = ConditionAnnouncer(hub.data, lambda: at(100), lambda: self.seconds, expires_s)
        self.sink.broker = self.address
        self.state = sqlite3.connect(":memory:", isolation_level=None)
        self.state.executescript(self.sink.schema)

    def says(self, device: str) -> DeviceReport | None:
        """What is retained of a device."""
        self.sink.idle(self.state)
        found = retained(self.address).get(TOPIC.format(device))
        return None if found is None else DeviceReport.model_validate_json(found)

    def close(self) -> None:
        self.sink.close()
        self.followed.close()
        self.state.close()


@contextmanager
def announcing(hub: HubConfig, broker: Broker, expires_s: int = REPORT_EXPIRES_S) -> Iterator[Announced]:
    with closing(Announced(hub, broker, expires_s)) as made:
        yield made


@pytest.fixture
def announced(tmp_path: Path, own_broker: Broker) -> Iterator[Announced]:
    with announcing(replace(hub_in(tmp_path)), own_broker) as made:
        yield made


def test_who_subscribes_later_is_told_how_each_device_is(announced: Announced) -> None:
    announced.followed.take(tick(START), frame(at(1)), thermal(at(2), device="oven", hottest=99.0))

    hot = eventually(lambda: announced.says("oven"))
    assert (hot.condition, hot.types, hot.since, hot.as_of) == ("critical", ("hot_spot",), at(2), at(100))
    assert announced.says("yard") is not None
    announced.followed.take(state(at(3), online=False))
    eventually(lambda: (it := announced.says("yard")) is not None and it.types == ("offline",))


def test_what_a_broker_has_forgotten_is_said_again(announced: Announced, own_broker: Broker) -> None:
    announced.followed.take(tick(START), frame(at(1)))
    eventually(lambda: announced.says("yard"))
    own_broker.kill()
    own_broker.start()

    again = eventually(lambda: announced.says("yard"))
    assert again.condition == "ok"


def test_it_is_said_again_after_a_while_and_taken_back_of_a_device_that_is_gone(announced: Announced) -> None:
    announced.followed.take(tick(START), frame(at(1)), frame(at(1), device="retired"))
    eventually(lambda: announced.says("retired"))
    retained_before = retained(announced.address)
    fresh = sqlite3.connect(announced.followed.view.execute("pragma database_list").fetchone()[2])
    with closing(fresh):
        fresh.execute("delete from conditions where device = 'retired'")
        fresh.commit()
    announced.seconds += REPORT_AGAIN_S
    eventually(lambda: announced.says("retired") is None)

    assert TOPIC.format("retired") in retained_before
    assert announced.says("yard") is not None
    assert announced.says("retired") is None


def test_what_nobody_says_again_the_broker_drops(tmp_path: Path, own_broker: Broker) -> None:
    with announcing(hub_in(tmp_path), own_broker, expires_s=2) as announced:
        announced.followed.take(tick(START), frame(at(1)))

        def said_again() -> DeviceReport | None:
            announced.seconds += REPORT_AGAIN_S
            return announced.says("yard")

        assert eventually(said_again).condition == "ok"
        eventually(lambda: not retained(announced.address), what="the end of what was retained")


def test_what_another_view_says_is_said_at_once(announced: Announced, tmp_path: Path) -> None:
    announced.followed.take(tick(START), frame(at(1)), frame(at(1), device="gone"))
    eventually(lambda: announced.says("gone"))
    file = view_files.next_file(tmp_path, AlertingProjection.name)
    events = [tick(START), frame(at(1)), thermal(at(2), device="oven", hottest=99.0)]
    with Followed(AlertingProjection(), tmp_path / "other", events) as other, closing(sqlite3.connect(file)) as copy:
        other.view.backup(copy)
    view_files.place(tmp_path, AlertingProjection.name, file)

    assert eventually(lambda: announced.says("oven")).types == ("hot_spot",)
    assert eventually(lambda: announced.says("yard")).condition == "ok"
    eventually(lambda: announced.says("gone") is None)


def test_a_round_is_said_in_turns_and_what_changes_meanwhile_at_once(announced: Announced) -> None:
    devices = [f"d{number:03d}" for number in range(5 * SAID_PER_TURN)]
    announced.followed.take(tick(START), *(frame(at(1), device=device) for device in devices))
    eventually(lambda: announced.says(devices[0]))
    of_first_turns = retained(announced.address)
    announced.followed.take(state(at(2), device=devices[-1], online=False))

    assert (changed := announced.says(devices[-1])) is not None
    assert changed.types == ("offline",)
    assert len(of_first_turns) < len(devices)
    eventually(lambda: announced.says(devices[-2]))
    assert len(retained(announced.address)) == len(devices)
    assert (still := announced.says(devices[-1])) is not None
    assert still.types == ("offline",)


def test_of_what_changed_only_the_newest_is_said(announced: Announced) -> None:
    announced.followed.take(tick(START), frame(at(1)))
    eventually(lambda: announced.says("yard"))
    announced.followed.take(thermal(at(2), device="oven", hottest=75.0))
    announced.followed.take(thermal(at(3), device="oven", hottest=99.0), frame(at(3)))

    hot = eventually(lambda: announced.says("oven"))
    assert hot.types == ("hot_spot",)
    announced.followed.take(state(at(4), device="oven", online=False))
    eventually(lambda: (it := announced.says("oven")) is not None and "offline" in it.types)
