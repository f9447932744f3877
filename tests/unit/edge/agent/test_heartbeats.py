"""What a heartbeat says of the machine, and what becomes of one whose figures cannot be."""

import errno
from pathlib import Path
from typing import cast

import pytest

from bus_schemas.node import Heartbeat
from edge.agent.event_emitter import EventEmitter
from edge.agent.heartbeats import Heartbeats
from edge.agent.leftovers import Leftovers
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


def measured(data: Path, waiting: int = 0) -> Heartbeat:
    link = cast(Relay, Link(waiting))
    beats = Heartbeats("pi-1", data, cast(EventEmitter, Emitter()), link, PictureThinning(), Leftovers(5, 1000))
    return beats.measure("online")


def test_a_heartbeat_has_the_figures_of_the_agent(tmp_path: Path) -> None:
    beat = measured(tmp_path, waiting=3)

    assert (beat.node, beat.outbox_rows, beat.outbox_bytes) == ("pi-1", 3 + 5, 4096 + 1000)
    assert beat.link is not None
    assert beat.link.round_trip_ms == 20.0


def test_a_figure_that_cannot_be_costs_the_figures_and_not_the_agent(tmp_path: Path) -> None:
    beat = measured(tmp_path, waiting=-9)

    assert (beat.node, beat.status, beat.outbox_rows, beat.link) == ("pi-1", "online", None, None)


def test_what_cannot_be_measured_costs_the_figures_and_not_the_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_free_file() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("edge.agent.heartbeats.networks", no_free_file)

    beat = measured(tmp_path)

    assert (beat.node, beat.status, beat.networks) == ("pi-1", "online", ())
