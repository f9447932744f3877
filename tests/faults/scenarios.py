"""What is done to a rig under load: one function a scenario, its moments and order drawn from the seed."""

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from producer.disk import Room
from tests.faults import disks, poison, tearing
from tests.faults.rig import Rig, Setup

Act = Callable[[Rig], None]


@dataclass(frozen=True)
class Scenario:
    """`causes` are of the gaps that it may leave behind; `rejected` how many messages it has refused."""

    act: Act
    setup: Setup = field(default_factory=Setup)
    quick: bool = False
    full: bool = False
    """Too long for a round of all; runs where it is named."""
    causes: Collection[str] = ()
    rejected: Collection[int] = (0,)
    keeps_foreign: bool = True
    may_end: Collection[str] = ()
    """Parts that the fault may end by themselves; a supervisor starts them again."""


def _kills(victim: str, least: int = 3, most: int = 6) -> Act:
    def act(rig: Rig) -> None:
        for _ in range(rig.dice.randint(least, most)):
            rig.pause(0.05, 1.0)
            rig.kill(getattr(rig, victim))
            rig.pause(0.0, 0.5)
            rig.revive()
            rig.wait_for_progress(10)

    return act


def kill_warehouse(rig: Rig) -> None:
    """It dies while rows and checkpoint are on their way."""
    for _ in range(rig.dice.randint(2, 3)):
        rig.wait_for_the_warehouse()
        rig.pause(0.2, 3.0)
        rig.kill(rig.gateway)
        rig.revive()
    rig.wait_for_the_warehouse()
    rig.pause(0.5, 2.0)


def kill_broker(rig: Rig) -> None:
    for _ in range(rig.dice.randint(2, 4)):
        rig.pause(0.05, 1.0)
        rig.kill_broker()
        rig.pause(0.0, 0.5)
        rig.start_broker()
        rig.wait_for_progress(10)


def kill_all(rig: Rig) -> None:
    for _ in range(rig.dice.randint(2, 3)):
        rig.pause(0.1, 1.5)
        rig.kill_broker()
        rig.kill(*rig.parts)
        rig.revive()
        rig.wait_for_progress(10)


def kill_any(rig: Rig) -> None:
    """Any one or several, without waiting for the one before to be well again."""
    for _ in range(rig.dice.randint(5, 9)):
        rig.pause(0.0, 0.6)
        for part in rig.parts:
            if rig.dice.random() < 0.4:
                rig.kill(part)
        if rig.dice.random() < 0.3:
            rig.kill_broker()
        rig.revive()


def freeze_broker(rig: Rig) -> None:
    for _ in range(2):
        rig.pause(0.1, 1.0)
        rig.faults += 1
        rig.broker.freeze()
        rig.pause(0.5, 4.0)
        rig.broker.thaw()
        rig.wait_for_progress(10)


def freeze_ingest(rig: Rig) -> None:
    for _ in range(2):
        rig.pause(0.1, 1.0)
        rig.faults += 1
        rig.ingest.freeze()
        rig.pause(0.5, 4.0)
        rig.ingest.thaw()
        rig.wait_for_progress(10)


def slow_consumer(rig: Rig) -> None:
    """It gets a moment now and then, and the journal runs ahead of it."""
    for _ in range(6):
        rig.faults += 1
        rig.consumers.freeze()
        rig.pause(0.4, 1.2)
        rig.consumers.thaw()
        rig.pause(0.01, 0.1)


def broker_forgets(rig: Rig) -> None:
    for _ in range(2):
        rig.pause(0.1, 1.0)
        rig.kill_broker()
        shutil.rmtree(rig.broker.directory)
        rig.pause(0.0, 1.0)
        rig.start_broker()
        rig.wait_for_progress(10)


def _weather(rig: Rig) -> tuple[Callable[[], None], ...]:
    proxy = rig.proxy
    assert proxy is not None

    def swallow() -> None:
        proxy.weather.swallows = True
        rig.pause(0.3, 3.0)
        proxy.weather.swallows = False
        # What was swallowed is missing in the middle of the connection: it cannot go on.
        proxy.cut()

    def refuse() -> None:
        proxy.weather.refuses = True
        proxy.cut()
        rig.pause(0.3, 2.0)
        proxy.weather.refuses = False

    def delay() -> None:
        proxy.weather.delay_s = rig.dice.uniform(0.005, 0.05)
        rig.pause(0.5, 2.0)
        proxy.weather.delay_s = 0.0

    def cut_in_a_packet() -> None:
        proxy.weather.cut_after_bytes = rig.dice.randrange(1, 20_000)
        rig.pause(0.2, 0.5)

    return swallow, refuse, delay, cut_in_a_packet, proxy.cut, proxy.half_close


def network(rig: Rig) -> None:
    for _ in range(rig.dice.randint(4, 6)):
        rig.pause(0.0, 0.5)
        rig.faults += 1
        rig.dice.choice(_weather(rig))()


def network_noise(rig: Rig) -> None:
    """Bytes change on their way. Where TCP does not notice, the checksum of a message must."""
    assert rig.proxy is not None
    for _ in range(rig.dice.randint(3, 6)):
        rig.pause(0.0, 0.5)
        rig.faults += 1
        rig.proxy.weather.noise = rig.dice.randint(1, 8)
        rig.pause(0.1, 0.5)


def clock_steps(rig: Rig) -> None:
    for _ in range(rig.dice.randint(3, 5)):
        rig.pause(0.1, 0.8)
        rig.faults += 1
        rig.clock.step(rig.dice.choice((-3600, 3600, -1, 1)) * rig.dice.uniform(0.9, 1.1))
        if rig.dice.random() < 0.3:
            rig.kill(rig.dice.choice(rig.parts))
            rig.revive()


def time_goes_on(rig: Rig) -> None:
    """The clock was set shortly before a border of time; parts are killed while it is crossed."""
    for _ in range(3):
        rig.pause(0.5, 1.5)
        rig.kill(rig.dice.choice((rig.ingest, rig.consumers, rig.load)))
        rig.revive()
    rig.wait_for_progress(10)


def torn_writes(rig: Rig) -> None:
    """A power cut: everything is dead at once, and what no fsync had returned for is gone."""
    for _ in range(2):
        rig.pause(0.2, 1.5)
        rig.kill_broker()
        rig.kill(*rig.parts)
        rig.notes += tearing.tear(rig.data, rig.node.outbox, rig.node.ledger, rig.foreigner.seen, rig.dice)
        rig.revive()
        rig.wait_for_progress(10)


def journal_lost(rig: Rig) -> None:
    """The disk with the journal dies; the nodes still have what they sent."""
    rig.wait_for_the_warehouse()
    rig.pause(0.5, 2.0)
    rig.kill(rig.ingest, *(part for part in (rig.consumers, rig.gateway) if rig.dice.random() < 0.6))
    shutil.rmtree(rig.data / "journal")
    rig.pause(0.0, 0.5)
    rig.revive()
    rig.wait_for_progress(20)


def views_lost(rig: Rig) -> None:
    """Somebody throws away what can be folded again, more than once."""
    for _ in range(2):
        rig.pause(0.5, 2.0)
        rig.kill(rig.consumers)
        shutil.rmtree(rig.data / "views")
        rig.revive()
        rig.wait_for_progress(10)


def index_lost(rig: Rig) -> None:
    """The index over the media is gone; the packs are not."""
    rig.pause(0.5, 2.0)
    rig.kill(rig.ingest, rig.consumers)
    for path in (rig.data / "archive").glob("index.sqlite*"):
        path.unlink()
    rig.revive()
    rig.wait_for_progress(10)


def poisoned(rig: Rig) -> None:
    """Nobody repeats these, so each round must be in before ingest is killed."""
    for turn in (1, 2):
        rig.pause(0.1, 0.6)
        rig.faults += 1
        poison.publish(rig.broker.port, rig.dice, rig.clock)
        rig.wait(lambda turn=turn: rig.rejected() >= turn * poison.KINDS, 60, "poison rejected")  # type: ignore[misc]
        rig.kill(rig.ingest)
        rig.revive()
        rig.wait_for_progress(10)


def delivered_thrice(rig: Rig) -> None:
    """Every message of the node is heard by a repeater, and published twice more."""
    with poison.Repeater(rig.broker.port, copies=2):
        for _ in range(2):
            rig.pause(0.5, 1.5)
            rig.kill(rig.ingest)
            rig.revive()
            rig.wait_for_progress(10)


def backlog(rig: Rig) -> None:
    """A node comes back with much to tell; its hub dies in the middle of it."""
    rig.wait_for_progress(rig.setup.backlog // 4)
    rig.kill(rig.ingest)
    rig.revive()
    rig.wait_for_progress(rig.setup.backlog // 4)


def full_disk_of_node(rig: Rig) -> None:
    rig.wait_for_progress(10)
    rig.kill(rig.ingest)
    rig.faults += 1
    disks.fill(rig.node.outbox.parent, leave=rig.dice.randrange(0, 200_000))
    rig.pause(1.0, 3.0)
    rig.revive()
    disks.relieve(rig.node.outbox.parent)
    rig.wait_for_progress(20)


def full_disk_of_hub(rig: Rig) -> None:
    for _ in range(2):
        rig.pause(0.2, 1.0)
        rig.faults += 1
        disks.fill(rig.data.parent, leave=rig.dice.randrange(0, 100_000))
        rig.pause(1.0, 3.0)
        if rig.dice.random() < 0.5:
            rig.kill(rig.dice.choice((rig.ingest, rig.consumers)))
            rig.revive()
            rig.pause(0.5, 1.0)
        disks.relieve(rig.data.parent)
        rig.wait_for_progress(20)


def storm(rig: Rig) -> None:
    """Faults of every kind, one into the other."""

    def kill() -> None:
        rig.kill(*rig.dice.sample(rig.parts, rig.dice.randint(1, len(rig.parts))))
        rig.pause(0.0, 0.5)

    def freeze() -> None:
        frozen = rig.dice.choice((rig.ingest, rig.consumers, rig.load))
        frozen.freeze()
        rig.pause(0.2, 2.5)
        frozen.thaw()

    def step() -> None:
        rig.clock.step(rig.dice.uniform(-4000, 4000))

    acts = (kill, kill, rig.kill_broker, freeze, step, *_weather(rig))
    for _ in range(rig.dice.randint(8, 14)):
        rig.faults += 1
        rig.dice.choice(acts)()
        rig.pause(0.0, 0.4)
        rig.revive()


def _before(moment: datetime, seconds: float = 4.0) -> Setup:
    return Setup(moment=moment - timedelta(seconds=seconds))


SCENARIOS: dict[str, Scenario] = {
    "kill_load": Scenario(_kills("load"), quick=True),
    "kill_broker": Scenario(kill_broker),
    "kill_ingest": Scenario(_kills("ingest"), quick=True),
    "kill_consumers": Scenario(_kills("consumers", 2, 4)),
    "kill_warehouse": Scenario(kill_warehouse, Setup(warehouse=True)),
    "kill_all": Scenario(kill_all, quick=True),
    "kill_any": Scenario(kill_any),
    "freeze_broker": Scenario(freeze_broker),
    "freeze_ingest": Scenario(freeze_ingest),
    "slow_consumer": Scenario(slow_consumer),
    "broker_forgets": Scenario(broker_forgets),
    "network": Scenario(network, Setup(proxy=True)),
    "network_noise": Scenario(network_noise, Setup(proxy=True), rejected=range(10_000)),
    "clock_steps": Scenario(clock_steps),
    "midnight": Scenario(time_goes_on, _before(datetime(2026, 1, 6, tzinfo=UTC))),
    "summer_time": Scenario(time_goes_on, _before(datetime(2026, 3, 29, 1, tzinfo=UTC))),
    "winter_time": Scenario(time_goes_on, _before(datetime(2026, 10, 25, 1, tzinfo=UTC))),
    "torn_writes": Scenario(torn_writes),
    "journal_lost": Scenario(journal_lost, Setup(warehouse=True), keeps_foreign=False),
    "views_lost": Scenario(views_lost),
    "index_lost": Scenario(index_lost),
    "storm": Scenario(storm, Setup(proxy=True)),
    "poison": Scenario(poisoned, causes=("rejected",), rejected=(2 * poison.KINDS,), quick=True),
    "thrice": Scenario(delivered_thrice, Setup(copies=3)),
    "backlog": Scenario(backlog, Setup(backlog=20_000)),
    "full_backlog": Scenario(backlog, Setup(backlog=100_000), full=True),
    "full_disk_of_node": Scenario(
        full_disk_of_node,
        Setup(node_disk_mb=24, picture_bytes=100_000, room=Room(6_000_000, 5_000_000)),
        causes=("disk_full", "handoff_full", "outbox_full"),
    ),
    "full_disk_of_hub": Scenario(
        full_disk_of_hub,
        Setup(hub_disk_mb=160),
        may_end=("ingest", "consumers"),
    ),
}
