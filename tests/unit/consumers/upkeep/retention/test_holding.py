"""What somebody holds is not deleted, neither by age nor by bytes nor where the disk is full, and is answered."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.event import iso
from bus_schemas.node import CommandEvent
from consumers.engine import view_files
from consumers.hub_config import DeviceRetention, RetentionPolicy
from consumers.store.archive.reader import ArchiveReader
from consumers.store.disk import DiskSpace
from consumers.store.journal.configured import journal_of
from consumers.store.journal.record import JournalReader
from consumers.store.journal.store import JournalAway
from consumers.upkeep.retention.holding import CurrentHolds, HoldsUnknown
from consumers.upkeep.retention.questions import cleanup_run
from consumers.views.holds import HoldsProjection
from tests.builders import at, command, hold, tick
from tests.data_directory import fold, write
from tests.following import Followed
from tests.retention_yard import GB, HOUR, Yard, retentions

FEW = RetentionPolicy(media=(("segment", timedelta(hours=1)),))


def held(hours_ago: float, state: str = "placed", **given: Any) -> Any:
    """Ten minutes so many hours ago."""
    start = at(-hours_ago * HOUR)
    span = {"start": iso(start), "end": iso(start + timedelta(minutes=10))}
    return hold(at(0), state, **{**span, **given})


class HeldYard(Yard):
    def __init__(self, directory: Path, policy: RetentionPolicy) -> None:
        super().__init__(directory, policy)
        self.holds = Followed(HoldsProjection(), directory)

    def close(self) -> None:
        self.deliverer.close()
        self.holds.close()


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[HeldYard]:
    made = HeldYard(tmp_path, FEW)
    yield made
    made.close()


def test_what_is_held_outlives_its_age_and_is_answered_until_it_is_released(yard: HeldYard) -> None:
    yard.store("segment", 0.5, 3.0, 5.0)
    yard.holds.take(held(3.0))

    reported = retentions(yard.take(tick(at(0))))
    left = yard.left("segment")
    with ArchiveReader(yard.hub.data / "archive") as archive:
        oldest = archive.oldest("DEMO", "yard", "segment")
    yard.holds.take(held(3.0, "released"))
    later = retentions(yard.take(tick(at(60))))

    assert reported == [("segment", 1)]
    assert left == 2
    assert oldest == at(-3 * HOUR)
    assert later == [("segment", 1)]
    assert yard.left("segment") == 1


def test_a_hold_of_one_device_keeps_nothing_of_another(yard: HeldYard) -> None:
    yard.store("segment", 3.0)
    yard.store("segment", 3.0, device="gate")
    yard.holds.take(held(3.0, devices=("gate",)))

    assert retentions(yard.take(tick(at(0)))) == [("segment", 1)]
    assert yard.left("segment") == 0


def test_what_is_held_stays_on_a_full_disk_and_the_clean_up_says_so(yard: HeldYard) -> None:
    yard.store("segment", 0.3, 0.6, 0.9)
    yard.holds.take(held(0.6))
    yard.fill(DiskSpace(100 * GB, 96 * GB))

    reported = yard.take(
        command(at(1), site="_hub", device="_gateway", name="cleanup", state="asked", request_id="c-1")
    )
    with closing(view_files.open_view(yard.hub.data, "retention")) as view:
        answer = cleanup_run(view, "c-1")

    assert yard.left("segment") == 1
    assert answer is not None
    assert answer["held_files"] == 1
    assert answer["held_bytes"] > 0
    assert "are held and stay" in str(answer["message"])
    assert any(isinstance(event, CommandEvent) for event in reported)


def test_what_is_held_stays_beyond_a_bound_of_bytes(tmp_path: Path) -> None:
    week = (("segment", timedelta(days=7)),)
    yard = HeldYard(tmp_path, RetentionPolicy(media=week, segment_bytes=1))
    yard.store("segment", 3.0, 4.0)
    yard.holds.take(held(4.0))
    yard.take(tick(at(0)))

    assert yard.left("segment") == 1
    yard.close()


def test_a_device_has_its_own_age_and_its_own_bytes(tmp_path: Path) -> None:
    long = DeviceRetention("DEMO", "yard", (("segment", timedelta(hours=4)),))
    small = DeviceRetention("DEMO", "gate", (("segment", timedelta(hours=9)),), segment_bytes=2000)
    yard = HeldYard(tmp_path, replace(FEW, devices=(long, small)))
    yard.store("segment", 3.0, 5.0)
    yard.store("segment", 2.0, 3.0, 4.0, device="gate")
    yard.store("segment", 2.0, device="hall")
    yard.take(tick(at(0)))

    with ArchiveReader(yard.hub.data / "archive") as archive:
        left = {
            device: [one.time for one in archive.between("DEMO", device, "segment", at(-9 * HOUR), at(0))]
            for device in ("yard", "gate", "hall")
        }
    assert left == {"yard": [at(-3 * HOUR)], "gate": [at(-2 * HOUR)], "hall": []}
    yard.close()


def lose(data: Path, how: str) -> None:
    file = view_files.file_of(data, "holds")
    assert file is not None
    match how:
        case "gone":
            file.unlink()
        case "junk":
            file.write_bytes(b"junk" * 1000)
        case "empty":
            file.write_bytes(b"")


@pytest.mark.parametrize("how", ["behind", "gone", "junk", "empty"])
def test_what_the_view_of_holds_does_not_have_is_held_by_its_events_and_the_rest_makes_room(
    tmp_path: Path, how: str
) -> None:
    yard = Yard(tmp_path, FEW)
    yard.store("segment", 3.0, 5.0)
    write(tmp_path, [(at(0), hold(at(0), site="OTHER", hold_id="of-another-site"))])
    fold(tmp_path, "holds")
    write(tmp_path, [(at(0), held(3.0))])
    lose(tmp_path, how)

    rows = CurrentHolds(tmp_path, journal_of(yard.hub).reader).rows()
    assert [row.site for row in rows] == ["DEMO", "OTHER"]
    assert retentions(yard.take(tick(at(0)))) == [("segment", 1)]
    assert yard.left("segment") == 1
    write(tmp_path, [(at(1), held(3.0, "released"))])
    assert retentions(yard.take(tick(at(60)))) == [("segment", 1)]
    assert yard.left("segment") == 0
    yard.deliverer.close()


def test_nothing_is_deleted_where_neither_the_view_of_holds_nor_the_journal_can_be_read(tmp_path: Path) -> None:
    def away() -> JournalReader:
        raise JournalAway("the server does not answer")

    with pytest.raises(HoldsUnknown, match="the server does not answer, and the view 'holds' cannot be read"):
        CurrentHolds(tmp_path, away).rows()
