"""An agent on a card that is full, or takes nothing: what it observes arrives, and so does what was on the card."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from bus_schemas.node import HealthEvent
from bus_schemas.thermal import ThermalEvent
from edge.agent import outbox_place
from edge.agent.event_emitter import EventEmitter
from edge.agent.relay_thread import waiting_in
from edge.agent.settings import DeviceSettings, RatesSettings
from edge.agent.source_settings import SceneSourceSettings
from producer.ids import utc_now
from producer.outbox.priority import Priority
from producer.outbox.tables import Draft
from tests.broker import Broker
from tests.eventually import eventually
from tests.faults import disks
from tests.ingest_double import IngestDouble, are_numbered, ingest_double
from tests.required import unavailable
from tests.running_agent import of, running_agent

SENSOR = DeviceSettings(
    site="YARD",
    device="SENSOR",
    thermal=SceneSourceSettings(kind="scene", scene="thermal", seed=3),
    rates=RatesSettings(thermal_frame_s=60),
)


@pytest.fixture
def hurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(outbox_place, "MEMORY", tmp_path / "memory")
    monkeypatch.setattr(outbox_place, "GIVES_UP_AFTER_S", 1.0)
    monkeypatch.setattr(outbox_place, "PROBES_EVERY_S", 0.1)
    monkeypatch.setattr(outbox_place, "RETURNS_AFTER_S", 0.5)


@contextmanager
def card(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    try:
        disks.mount(folder, megabytes)
    except disks.NoDisk as absent:
        unavailable(str(absent))
    try:
        yield folder
    finally:
        disks.unmount(folder)


def arrives(ingest: IngestDouble) -> None:
    """Events that are observed from here on."""
    since = utc_now()
    eventually(lambda: len([one for one in of(ingest, ThermalEvent) if one.time > since]) > 2)


def vital(drafts: Sequence[Draft]) -> set[str]:
    """Those that a full disk gives up last."""
    return {one.event.id for one in drafts if one.rank is Priority.VITAL}


def reason(ingest: IngestDouble) -> str:
    return max(of(ingest, HealthEvent), key=lambda one: one.time).data.reason or "none"


def is_whole(ingest: IngestDouble) -> bool:
    """Whether no event is lost, and none there twice."""
    times = [event.time for event in of(ingest, ThermalEvent)]
    return are_numbered(ingest.all_events()) and len(set(times)) == len(times) and not ingest.malformed


@pytest.mark.usefixtures("hurried")
def test_what_is_observed_arrives_from_a_card_that_is_full(broker: Broker, tmp_path: Path) -> None:
    with card(tmp_path / "card", 64) as folder, ingest_double(broker.port) as ingest:
        with running_agent(broker.port, folder, SENSOR):
            arrives(ingest)
            for _ in range(2):  # The second time its reserve is gone as well.
                disks.fill(folder)
                arrives(ingest)
        with running_agent(broker.port, folder, SENSOR):
            arrives(ingest)
            disks.relieve(folder)
            eventually(lambda: reason(ingest) == "none")
            arrives(ingest)
        assert is_whole(ingest)


@pytest.mark.usefixtures("hurried")
def test_what_is_observed_arrives_from_a_card_that_is_too_small(broker: Broker, tmp_path: Path) -> None:
    with card(tmp_path / "card", 14) as folder, ingest_double(broker.port) as ingest:
        for _ in range(2):
            with running_agent(broker.port, folder, SENSOR):
                arrives(ingest)
        assert is_whole(ingest)


@pytest.mark.usefixtures("hurried")
def test_what_was_on_the_card_before_it_was_full_arrives_too(broker: Broker, tmp_path: Path) -> None:
    with card(tmp_path / "card", 64) as folder:
        with running_agent(broker.port, folder, SENSOR):
            eventually(lambda: waiting_in(folder / "outbox" / "yard.sqlite"), what="events that nobody confirms")
        disks.fill(folder)
        filled = utc_now()
        with ingest_double(broker.port) as ingest, running_agent(broker.port, folder, SENSOR):
            arrives(ingest)
            eventually(lambda: {one.sequence for one in ingest.all_events() if one.time < filled} >= {1, 2})
        assert is_whole(ingest)


@pytest.mark.usefixtures("hurried")
def test_what_waited_for_room_when_the_agent_was_stopped_arrives_from_the_next(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_place, "GIVES_UP_AFTER_S", 3600.0)
    observed = list[Draft]()
    put = EventEmitter.put

    def noted(emitter: EventEmitter, drafts: Sequence[Draft], *, durable: bool = False) -> bool:
        observed.extend(drafts)
        return put(emitter, drafts, durable=durable)

    with card(tmp_path / "card", 14) as folder, ingest_double(broker.port) as ingest:
        with running_agent(broker.port, folder, SENSOR):
            arrives(ingest)
        disks.fill(folder)
        monkeypatch.setattr(EventEmitter, "put", noted)
        with running_agent(broker.port, folder, SENSOR):
            eventually(lambda: sum(isinstance(one.event, ThermalEvent) for one in observed) > 2)
        first = vital(observed)
        disks.relieve(folder)
        with running_agent(broker.port, folder, SENSOR):
            eventually(lambda: {one.id for one in ingest.all_events()} >= first, what="what was observed before")
        assert first
        assert is_whole(ingest)


@pytest.mark.usefixtures("hurried")
def test_what_was_on_a_card_that_takes_nothing_any_more_arrives_too(broker: Broker, tmp_path: Path) -> None:
    with card(tmp_path / "card", 64) as folder:
        with running_agent(broker.port, folder, SENSOR):
            eventually(lambda: (waiting_in(folder / "outbox" / "yard.sqlite") or 0) > 8, what="events that wait")
        disks.make_read_only(folder)
        failed = utc_now()
        with ingest_double(broker.port) as ingest:
            for _ in range(2):  # The second one need not send it again.
                with running_agent(broker.port, folder, SENSOR):
                    arrives(ingest)
            sent_before = [one for one in ingest.all_events() if one.time < failed]
        assert {1, 2, 3, 4} <= {one.sequence for one in sent_before}
        assert is_whole(ingest)
