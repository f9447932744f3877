"""What was written is gone: the broker's memory, a power cut's last pages, a disk with the journal, views, an index."""

import shutil

from tests.faults import tearing
from tests.faults.rig import STARTS_WITHIN_S, Rig


def broker_forgets(rig: Rig) -> None:
    for _ in range(2):
        rig.pause(0.1, 1.0)
        rig.kill_broker()
        shutil.rmtree(rig.broker.directory)
        rig.pause(0.0, 1.0)
        rig.start_broker()
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
    rig.wait_for_progress(1)
    rig.pause(0.5, 2.0)
    rig.kill(rig.ingest, *(part for part in (rig.consumers, rig.gateway) if rig.dice.random() < 0.6))
    shutil.rmtree(rig.data / "journal")
    rig.pause(0.0, 0.5)
    rig.revive()
    rig.wait_for_progress(20)


def views_lost(rig: Rig) -> None:
    """Somebody throws away what can be folded again, more than once."""
    for _ in range(2):
        rig.wait((rig.data / "views").exists, STARTS_WITHIN_S, "a view")
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
