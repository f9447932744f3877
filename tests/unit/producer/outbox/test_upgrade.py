"""An outbox that was made by version 0.1 is opened, and emptied as it was filled."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bus_schemas.codec import read_stored
from bus_schemas.streams import Traffic
from producer.outbox import backlog
from producer.outbox.tables import connect, move_streams, open_tables, put_many
from producer.transaction import transaction
from tests.node_parts import OTHER, SOURCE, detection, medium

STREAMS_0_1 = """
create table outbox_stream (
    id integer primary key,
    source text not null unique,
    sequence integer not null default 0 check (sequence >= watermark),
    watermark integer not null default 0 check (watermark >= 0)
)
"""


def as_of_0_1(path: Path) -> sqlite3.Connection:
    """With three rows of one source, a picture among them, and two of another; the first is confirmed."""
    outbox = connect(path)
    open_tables(outbox)
    with transaction(outbox):
        put_many(outbox, [detection(1), detection(2), detection(3), detection(4, OTHER), detection(5, OTHER)])
        outbox.execute("update outbox_event set kind = 'media', payload = x'ffd8' where stream = 1 and sequence = 2")
        outbox.execute("drop table outbox_stream")
        outbox.execute(STREAMS_0_1)
        outbox.execute("insert into outbox_stream values (1, ?, 3, 1), (2, ?, 2, 0)", (SOURCE, OTHER))
    return outbox


def test_streams_go_on_in_their_epoch_and_pictures_begin_one_of_their_own(tmp_path: Path) -> None:
    with closing(as_of_0_1(tmp_path / "node.sqlite")) as outbox:
        epoch = open_tables(outbox)
        with transaction(outbox):
            put_many(outbox, [detection(6), medium()])
        streams = {(stream.source, stream.traffic): stream for stream in backlog.streams(outbox)}
        ours = streams[SOURCE, Traffic.EVENTS]
        rows = list(backlog.rows_after(outbox, ours.id, 0, 100))

        assert (ours.epoch, ours.sequence, ours.watermark) == (epoch, 4, 1)
        assert [row.sequence for row in rows] == [1, 2, 3, 4]
        assert rows[1].payload == b"\xff\xd8"
        assert streams[OTHER, Traffic.EVENTS].sequence == 2
        pictures = streams[SOURCE, Traffic.PICTURES]
        assert (pictures.epoch, pictures.sequence) == (f"{epoch}.pictures", 1)
        [event] = read_stored(row.body for row in backlog.rows_after(outbox, pictures.id, 0, 100))
        assert (event.epoch, event.sequence) == (f"{epoch}.pictures", 1)


def test_opening_it_twice_changes_nothing(tmp_path: Path) -> None:
    with closing(as_of_0_1(tmp_path / "node.sqlite")) as outbox:
        open_tables(outbox)
        before = backlog.streams(outbox)
        open_tables(outbox)

        assert backlog.streams(outbox) == before


def test_one_that_is_attached_is_brought_to_the_new_form_too(tmp_path: Path) -> None:
    as_of_0_1(tmp_path / "old.sqlite").close()
    with closing(connect(tmp_path / "new.sqlite")) as outbox:
        open_tables(outbox)
        outbox.execute("attach database ? as old", (str(tmp_path / "old.sqlite"),))
        with transaction(outbox):
            move_streams(outbox, "old")
            outbox.execute("insert into main.outbox_stream select * from old.outbox_stream")

        assert [stream.sequence for stream in backlog.streams(outbox)] == [3, 2]
