"""Disks are full to the last byte."""

from tests.faults import disks
from tests.faults.rig import Rig


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


def full_disk_of_warehouse(rig: Rig) -> None:
    """The disk of the rows alone; nobody else may notice, and the rows go on where they were."""
    for _ in range(2):
        rig.wait_for_the_warehouse(again=False)
        rig.pause(0.2, 1.0)
        rig.faults += 1
        disks.fill(rig.data / "warehouse", leave=rig.dice.randrange(0, 3_000))
        rig.wait_for_progress(50)
        rig.pause(2.0, 5.0)
        if rig.dice.random() < 0.3:
            rig.kill(rig.gateway)
            rig.revive()
            rig.pause(0.5, 1.0)
        disks.relieve(rig.data / "warehouse")
        rig.wait_for_progress(20)
