"""A full disk on which no confirmation makes room: the outbox fails, and hands over what it could not commit."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bus_schemas.camera import DetectionEvent
from bus_schemas.codec import read_stored
from producer.ids import utc_now
from producer.outbox import backlog, committer
from producer.outbox.disk import DiskReserve
from producer.outbox.handoff import OutboxFailed, OutboxStuck
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Item, connect
from producer.sqlite_files import files_beside
from tests.eventually import eventually
from tests.faults import disks
from tests.node_parts import detection, medium
from tests.required import unavailable

GROWS = DiskReserve(reserve_bytes=0, reserve_file_bytes=0, gives_up_after_s=0.2)


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer, "FULL_PAUSE_S", 0.05)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "card"
    folder.mkdir()
    try:
        disks.mount(folder, 14)
    except disks.NoDisk as absent:
        unavailable(str(absent))
    yield folder
    disks.unmount(folder)


def counts(path: Path) -> list[int | None]:
    """The people that the events of a file count, in their order."""
    with closing(connect(path, is_exclusive=True)) as connection:
        streams = backlog.streams(connection)
        rows = [row for stream in streams for row in backlog.rows_after(connection, stream.id, 0, 99_999)]
    events = read_stored(row.body for row in rows)
    return [event.data.people_count for event in events if isinstance(event, DetectionEvent)]


def nothing(_: Outbox) -> None: ...


def an_event(outbox: Outbox) -> None:
    outbox.put(detection(1), medium(b"x" * 5_000), durable=True)


def a_recording(outbox: Outbox) -> None:
    outbox.put(detection(1), medium(b"x" * 900_000), durable=True)


def as_killed(path: Path, before: Callable[[Outbox], None]) -> None:
    """Leave the file with its log as an agent does that is killed."""
    elsewhere = path.parent.parent / "killed" / path.name
    with Outbox(elsewhere, utc_now, room=GROWS, is_exclusive=True) as outbox:
        before(outbox)
        shutil.copy(elsewhere, path)
        shutil.copy(files_beside(elsewhere)[0], files_beside(path)[0])


def put_until_it_fails(outbox: Outbox) -> int:
    """How many events it took."""
    taken = 0

    def is_failed() -> bool:
        nonlocal taken
        try:
            outbox.put(detection(2 + taken))
        except OutboxStuck:
            return True
        taken += 1
        return False

    eventually(is_failed)
    return taken


@pytest.mark.parametrize("is_killed", [False, True], ids=["open", "killed before"])
@pytest.mark.parametrize("before", [nothing, an_event, a_recording])
def test_what_has_no_room_on_a_full_card_goes_to_the_next_outbox(
    card: Path, before: Callable[[Outbox], None], is_killed: bool
) -> None:
    path, memory = card / "node.sqlite", card.parent / "memory" / "node.sqlite"
    unsaved: list[Item] = []
    if is_killed:
        as_killed(path, before)
    with Outbox(path, utc_now, room=GROWS, is_exclusive=True, unsaved=unsaved) as outbox:
        if not is_killed:
            before(outbox)
        disks.fill(card)
        taken = put_until_it_fails(outbox)
        with pytest.raises(OutboxStuck):
            outbox.put(detection(0), durable=True)
    with Outbox(memory, utc_now, is_exclusive=True, unsaved=unsaved) as outbox:
        outbox.put(detection(9_999), durable=True)
    disks.relieve(card)
    first = [1] if before is not nothing else []

    assert unsaved == []
    assert counts(path) + counts(memory) == [*first, *range(2, 2 + taken), 9_999]


def test_an_outbox_that_has_rows_to_be_confirmed_waits_for_that(card: Path) -> None:
    unsaved: list[Item] = []
    with Outbox(card / "node.sqlite", utc_now, room=GROWS, is_exclusive=True, unsaved=unsaved) as outbox:
        outbox.put(medium(b"x" * 4_000_000), durable=True)
        disks.fill(card)
        outbox.put(*[detection(count) for count in range(2_000)])
        assert not outbox.flush(timeout_s=1)
        outbox.put(detection(2_000))
        disks.relieve(card)
        assert outbox.flush(timeout_s=20)

    assert unsaved == []
    assert counts(card / "node.sqlite") == list(range(2_001))


def test_an_outbox_whose_process_ends_waits_for_nothing(card: Path) -> None:
    unsaved: list[Item] = []
    room = DiskReserve(reserve_bytes=0, reserve_file_bytes=0, gives_up_after_s=3600)
    with Outbox(card / "node.sqlite", utc_now, room=room, is_exclusive=True, unsaved=unsaved) as outbox:
        disks.fill(card)
        outbox.put(*[detection(count) for count in range(3_000)])
    disks.relieve(card)

    assert len(counts(card / "node.sqlite")) + len(unsaved) == 3_000
    with pytest.raises(OutboxFailed):
        outbox.put(detection(1))


def test_what_a_file_that_fails_did_not_take_goes_to_the_next_outbox(tmp_path: Path) -> None:
    path, unsaved = tmp_path / "node.sqlite", list[Item]()
    with Outbox(path, utc_now, unsaved=unsaved) as outbox:
        outbox.put(detection(1), durable=True)
        with closing(connect(path)) as other:
            other.execute("create trigger fails before insert on outbox_event begin select raise(abort, 'no'); end")
        for count in (2, 3):
            with pytest.raises(OutboxFailed):
                outbox.put(detection(count), durable=True)
    with Outbox(tmp_path / "next.sqlite", utc_now, unsaved=unsaved) as outbox:
        outbox.put(detection(4), durable=True)

    assert counts(path) + counts(tmp_path / "next.sqlite") == [1, 2, 4], "3 was refused to who put it"
    assert unsaved == []
