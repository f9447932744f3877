"""Parts die, freeze, or get a moment now and then."""

from tests.faults.rig import Rig
from tests.faults.scenarios.scenario import Act

FROZEN_S = 30.0


def kills(victim: str, least: int = 3, most: int = 6) -> Act:
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


def freezes(victim: str) -> Act:
    def act(rig: Rig) -> None:
        for _ in range(2):
            rig.pause(0.1, 1.0)
            rig.freeze(victim)
            rig.pause(0.5, 4.0)
            rig.thaw(victim)
            rig.wait_for_progress(10)

    return act


def slow_journal(rig: Rig) -> None:
    """Of hundreds of streams, ingest stands still for longer than anybody waits, and the load goes on."""
    for _ in range(2):
        rig.wait_for_progress(200)
        rig.freeze("ingest")
        rig.pause(3.0, 8.0)
        rig.thaw("ingest")
        rig.pause(0.5, 2.0)


def freeze_long(rig: Rig) -> None:
    """For half a minute, which is longer than any keep-alive and most bounds, one or two parts stand still at once."""
    victims = rig.dice.sample(("broker", "load", "ingest", "consumers", "gateway"), rig.dice.randint(1, 2))
    rig.wait_for_the_warehouse()
    rig.pause(0.1, 1.0)
    for victim in victims:
        rig.freeze(victim)
    rig.pause(FROZEN_S, FROZEN_S + 1)
    for victim in victims:
        rig.thaw(victim)
        rig.pause(0.0, 0.5)
    rig.wait_for_progress(20)


def slow_consumer(rig: Rig) -> None:
    """It gets a moment now and then, and the journal runs ahead of it."""
    for _ in range(6):
        rig.faults += 1
        rig.consumers.freeze()
        rig.pause(0.4, 1.2)
        rig.consumers.thaw()
        rig.pause(0.01, 0.1)
