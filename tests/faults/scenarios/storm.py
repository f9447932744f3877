"""Faults of every kind, one into the other."""

from tests.faults.rig import Rig
from tests.faults.scenarios.wire import weather


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

    acts = (kill, kill, rig.kill_broker, freeze, step, *weather(rig))
    for _ in range(rig.dice.randint(8, 14)):
        rig.faults += 1
        rig.dice.choice(acts)()
        rig.pause(0.0, 0.4)
        rig.revive()
