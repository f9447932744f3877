"""The manifests of the days of a journal in a bucket, each of which names the one before it."""

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from itertools import pairwise
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from consumers.store.cold.bucket import Bucket, NoSuchObject, TooLarge
from consumers.store.journal.retention_floor import NAME as FLOOR
from consumers.upkeep.rounds import NeedsPerson

JOURNAL: Final = "journal/"
MANIFEST: Final = ".json"
MOST_MANIFEST_BYTES: Final = 100_000


class DamagedChain(NeedsPerson, ValueError):
    """The days of the journal in the bucket do not follow each other."""


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
        return f"{JOURNAL}{self.date}{MANIFEST}"

    def follows(self, before: "DayManifest") -> bool:
        return self.previous == before.digest and self.first == before.last + 1


def read_manifests(bucket: Bucket) -> list[DayManifest]:
    """Oldest first. Raises `DamagedChain`."""
    found = [_manifest(bucket, name) for name in _manifests_in(name for name, _ in bucket.list(JOURNAL))]
    for before, after in pairwise(found):
        if not after.follows(before):
            raise DamagedChain(f"{after.name} does not follow {before.name}: a day is missing, or was changed")
    return found


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


def _manifests_in(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.endswith(MANIFEST) and name != f"{JOURNAL}{FLOOR}")


def _manifest(bucket: Bucket, name: str) -> DayManifest:
    """Raises `DamagedChain`."""
    try:
        return DayManifest.model_validate_json(bucket.get_small(name, MOST_MANIFEST_BYTES))
    except (ValidationError, NoSuchObject, TooLarge) as error:
        raise DamagedChain(f"{name} is not the manifest of a day") from error
