"""The network does what it wants, and others publish what they want."""

from collections.abc import Callable

from tests.faults import poison
from tests.faults.rig import Rig


def weather(rig: Rig) -> tuple[Callable[[], None], ...]:
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
        rig.dice.choice(weather(rig))()


def network_noise(rig: Rig) -> None:
    """Bytes change on their way. Where TCP does not notice, the checksum of a message must."""
    assert rig.proxy is not None
    for _ in range(rig.dice.randint(3, 6)):
        rig.pause(0.0, 0.5)
        rig.faults += 1
        rig.proxy.weather.noise = rig.dice.randint(1, 8)
        rig.pause(0.1, 0.5)


def poisoned(rig: Rig) -> None:
    """Nobody repeats these, so each round must be in before ingest is killed."""
    for turn in (1, 2):
        rig.pause(0.1, 0.6)
        rig.faults += 1
        poison.publish(rig.broker.port, rig.dice, rig.clock)
        rig.wait(lambda turn=turn: rig.rejected() >= turn * poison.KINDS, 60, "poison rejected")  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
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
