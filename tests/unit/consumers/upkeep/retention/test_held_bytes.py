"""Where holds keep more than a bound of bytes allows, an alert says how much and which, before the disk is full."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.event import iso
from consumers.hub_config import DeviceRetention, RetentionPolicy
from consumers.store.archive.retention import ArchiveRetention, Dropped
from consumers.upkeep.retention.held_bytes import HeldBeyond, held_now, size_words
from consumers.views.holds import HoldsProjection, holds
from tests.builders import at, hold, tick
from tests.following import Followed
from tests.retention_yard import HOUR, Yard

WEEK = (("segment", timedelta(days=7)),)


class HeldYard(Yard):
    """With the view of holds."""

    def __init__(self, directory: Path, policy: RetentionPolicy) -> None:
        super().__init__(directory, policy)
        self.holds = Followed(HoldsProjection(), directory)

    def hold(self, begin: float, end: float, **given: Any) -> None:
        """From so many hours ago to so many."""
        span = {"start": iso(at(-begin * HOUR)), "end": iso(at(-end * HOUR + 600))}
        self.holds.take(hold(at(0), **{**span, **given}))

    def beyond(self) -> list[HeldBeyond]:
        """As the storage page shows it."""
        rows = holds(self.holds.view)
        return held_now(self.hub.retention, self.hub.data / "archive", lambda: rows, self.now)

    def raised(self) -> list[str]:
        """Faults of the hub: each is an incident, and an alert."""
        return [f"{one.part}: {one.reason}" for one in self.faults.faults]


MakeYard = Callable[[RetentionPolicy], HeldYard]


@pytest.fixture
def make_yard(tmp_path: Path) -> Iterator[MakeYard]:
    made: list[HeldYard] = []

    def make(policy: RetentionPolicy) -> HeldYard:
        made.append(HeldYard(tmp_path, policy))
        return made[-1]

    yield make
    for one in made:
        one.deliverer.close()
        one.holds.close()


def test_holds_that_keep_more_than_the_bound_of_all_are_told_with_their_names_until_one_is_released(
    make_yard: MakeYard,
) -> None:
    yard = make_yard(RetentionPolicy(media=WEEK, segment_bytes=2000))
    yard.store("segment", 3.0, 4.0, 5.0, 6.0)
    yard.hold(6.0, 3.0, hold_id="all", reason="Everything of that day.")
    yard.hold(5.0, 5.0, hold_id="one", reason="The broken door.", by="bob")
    yard.take(tick(at(0)))

    (found,) = yard.beyond()
    assert yard.left("segment") == 4
    assert yard.raised() == [f"retention: {found.sentence}"]
    assert "above the bound of 2.0 kB for all recordings, because nothing more may be deleted" in found.sentence
    assert "hold “Everything of that day.” by ada" in found.sentence
    assert "hold “The broken door.” by bob" in found.sentence
    assert found.bytes == yard.held() - 2000

    yard.hold(6.0, 3.0, hold_id="all", state="released")
    yard.take(tick(at(60)))
    assert (yard.raised(), yard.beyond(), yard.left("segment")) == ([], [], 1)


def test_a_bound_that_holds_leave_room_for_is_no_trouble(make_yard: MakeYard) -> None:
    yard = make_yard(RetentionPolicy(media=WEEK, segment_bytes=2000))
    yard.store("segment", 3.0, 4.0, 5.0)
    yard.hold(5.0, 5.0)
    yard.take(tick(at(0)))

    assert (yard.raised(), yard.beyond(), yard.left("segment")) == ([], [], 1)


def test_what_a_device_keeps_above_its_own_bound_is_told_with_its_name(make_yard: MakeYard) -> None:
    gate = DeviceRetention("DEMO", "gate", segment_bytes=1000)
    yard = make_yard(RetentionPolicy(media=WEEK, devices=(gate,)))
    yard.store("segment", 3.0, 4.0, device="gate")
    yard.store("segment", 3.0, 4.0)
    yard.hold(4.0, 3.0)
    yard.take(tick(at(0)))

    (found,) = yard.beyond()
    assert found.device == ("DEMO", "gate")
    assert "for the recordings of DEMO/gate" in found.sentence
    assert len(yard.raised()) == 1


def test_what_was_recorded_just_now_beside_holds_within_the_bound_raises_nothing(make_yard: MakeYard) -> None:
    """It goes ten minutes later: an alert would come and go with each pack."""
    yard = make_yard(RetentionPolicy(media=WEEK, segment_bytes=2000))
    yard.store("segment", 0.0, 4.0)
    yard.hold(4.0, 4.0)
    yard.take(tick(at(0)))

    assert yard.raised() == []


def test_holds_of_a_device_within_its_share_are_not_blamed(make_yard: MakeYard) -> None:
    yard = make_yard(RetentionPolicy(media=WEEK, segment_bytes=4500))
    yard.store("segment", *(2.0 + hour for hour in range(6)))
    yard.store("segment", 3.0, device="gate")
    yard.hold(7.0, 2.0, devices=("yard",), reason="Too much.")
    yard.hold(3.0, 3.0, hold_id="small", devices=("gate",), reason="A little.")
    yard.take(tick(at(0)))

    (found,) = yard.beyond()
    assert [row.reason for row, _ in found.keeping] == ["Too much."]


def test_where_holds_keep_more_than_a_bound_all_packs_are_looked_through_once_a_minute_not_each_second(
    make_yard: MakeYard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard = make_yard(RetentionPolicy(media=WEEK, segment_bytes=1000))
    yard.store("segment", 3.0, 4.0)
    yard.hold(4.0, 3.0)
    yard.take(tick(at(0)))
    looked: list[str] = []
    uncopied = ArchiveRetention.uncopied

    def look(archive: ArchiveRetention, kind: str, before: datetime) -> Iterator[Dropped]:
        looked.append(kind)
        return uncopied(archive, kind, before)

    monkeypatch.setattr(ArchiveRetention, "uncopied", look)
    for second in range(1, 30):
        yard.now = at(second)
        yard.deliverer.idle()
    assert looked == []

    yard.hold(4.0, 3.0, state="released")
    yard.take(tick(at(60)))
    assert (yard.left("segment"), yard.raised()) == (0, [])


@pytest.mark.parametrize(
    ("size", "words"),
    [(999, "1.0 kB"), (25_400_000, "25 MB"), (999_900_000, "1.0 GB"), (2_140_000_000, "2.1 GB"), (5e15, "5000 TB")],
)
def test_sizes_are_words(size: float, words: str) -> None:
    assert size_words(size) == words
