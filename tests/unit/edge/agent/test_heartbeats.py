"""What a heartbeat says of the machine, and what becomes of one whose figures cannot be."""

from pathlib import Path
from typing import cast

import pytest

from edge.agent.event_emitter import EventEmitter
from edge.agent.heartbeats import Heartbeats
from edge.agent.picture_thinning import PictureThinning
from producer.relay.relay import Relay


class Emitter:
    outbox_bytes = 4096


class Link:
    """A relay that counts `waiting` events."""

    round_trips_s = (0.02, None)

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting

    def statistics(self) -> dict[str, int | bool]:
        names = ("messages_published", "messages_failed", "bytes_sent", "bytes_saved_compression")
        more = ("reconnection_count", "retries_successful", "events_resent")
        return dict.fromkeys((*names, *more), 0) | {"failed_queue_size": self.waiting}


@pytest.mark.parametrize(("waiting", "said"), [(3, 3), (-1, None)])
def test_a_figure_that_cannot_be_costs_the_figures_and_not_the_agent(
    tmp_path: Path, waiting: int, said: int | None
) -> None:
    beats = Heartbeats("pi-1", tmp_path, cast(EventEmitter, Emitter()), cast(Relay, Link(waiting)), PictureThinning())

    beat = beats.measure("online")

    assert (beat.node, beat.status, beat.outbox_rows) == ("pi-1", "online", said)
    assert (beat.link is None) is (said is None)
