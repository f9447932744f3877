"""Clocks step, and borders of time are crossed."""

from tests.faults.rig import Rig


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
