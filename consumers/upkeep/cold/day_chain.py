"""The manifests of the days of a journal in a bucket, each of which names the one before it."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from hashlib import sha256
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from consumers.store.cold.bucket import Bucket, NoSuchObject, TooLarge
from consumers.store.journal.retention_floor import NAME as FLOOR
from consumers.upkeep.rounds import NeedsPerson

JOURNAL: Final = "journal/"
SET_ASIDE: Final = "journal-set-aside/"
MANIFEST: Final = ".json"
MOST_MANIFEST_BYTES: Final = 100_000


class DamagedChain(NeedsPerson, ValueError):
    """The days of the journal in the bucket do not follow each other, or one of them cannot be read.

    Up to `whole_until` they do, `None` where that is none or not known.
    """

    def __init__(self, why: str, whole_until: date | None = None) -> None:
        super().__init__(why)
        self.whole_until = whole_until


class DayManifest(BaseModel):
    """A day of the journal in the bucket. `previous` is the SHA-256 of the manifest of the day before it."""

    model_config = ConfigDict(frozen=True)

    date: date
    first: int
    last: int
    object: str
    size: int
    sha256: str
    previous: str | None
    kinds: tuple[str, ...]
    """The kinds of media of which the bucket has everything up to the end of the day."""

    @property
    def digest(self) -> str:
        return sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def name(self) -> str:
        return _name_of(self.date)

    def follows(self, before: "DayManifest") -> bool:
        return self.previous == before.digest and self.first == before.last + 1


def read_manifests(bucket: Bucket, until: date | None = None) -> list[DayManifest]:
    """Oldest first, up to a day or all. Raises `DamagedChain`."""
    found: list[DayManifest] = []
    for name in _manifests_in(name for name, _ in bucket.list(JOURNAL)):
        if until is not None and name > _name_of(until):
            break
        whole_until = found[-1].date if found else None
        try:
            one = _manifest(bucket, name)
        except DamagedChain as damaged:
            raise DamagedChain(str(damaged), whole_until) from damaged
        if found and not one.follows(found[-1]):
            why = f"{name} does not follow {found[-1].name}: a day is missing, or was changed"
            raise DamagedChain(why, whole_until)
        found.append(one)
    return found


def set_aside_after(bucket: Bucket, until: date) -> None:
    """Manifests of later days keep their days, under another name: the chain goes on without them."""
    for name in [name for name in _manifests_in(name for name, _ in bucket.list(JOURNAL)) if name > _name_of(until)]:
        with suppress(TooLarge):
            bucket.put(f"{SET_ASIDE}{name.removeprefix(JOURNAL)}", bucket.get_small(name, MOST_MANIFEST_BYTES))
        bucket.delete(name)


class DaysInBucket:
    """The days that a bucket has, beside those that a journal keeps from its oldest one on.

    `dropped` are older than that one. `whole` follow each other from it on, each with its object; what comes after them
    is lost, or of no use to anybody.
    """

    def __init__(self, bucket: Bucket, oldest: date) -> None:
        listed = dict(bucket.list(JOURNAL))
        names = _manifests_in(listed)
        self.dropped: list[DayManifest] = []
        self.whole: list[DayManifest] = []
        for name in names:
            try:
                one = _manifest(bucket, name)
            except DamagedChain:
                if name < f"{JOURNAL}{oldest}":
                    continue
                break
            if one.date < oldest:
                self.dropped.append(one)
            elif listed.get(one.object) == one.size and self._goes_on(one, oldest):
                self.whole.append(one)
            else:
                break
        self.lost = len(names) - len(self.dropped) - len(self.whole)

    def _goes_on(self, one: DayManifest, oldest: date) -> bool:
        return one.follows(self.whole[-1]) if self.whole else one.date == oldest


def _name_of(day: date) -> str:
    return f"{JOURNAL}{day}{MANIFEST}"


def _manifests_in(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.endswith(MANIFEST) and name != f"{JOURNAL}{FLOOR}")


def _manifest(bucket: Bucket, name: str) -> DayManifest:
    """Raises `DamagedChain`."""
    try:
        return DayManifest.model_validate_json(bucket.get_small(name, MOST_MANIFEST_BYTES))
    except (ValidationError, NoSuchObject, TooLarge) as error:
        raise DamagedChain(f"{name} is not the manifest of a day") from error
