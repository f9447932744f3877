"""The owner of a prefix: a marker object that names the hub. Two hubs in one would delete each other's objects."""

from contextlib import suppress
from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from consumers.store.cold.bucket import Bucket, NameTaken, NoSuchObject, TooLarge
from consumers.upkeep.rounds import NeedsPerson
from producer.ids import Clock

MARKER = "owner.json"
MOST_BYTES = 10_000


class NotOwner(NeedsPerson, PermissionError):
    """The prefix belongs to another hub."""


class Owner(BaseModel):
    """The hub is known by its journal: a copy of a hub has another one."""

    model_config = ConfigDict(frozen=True)

    journal: str
    since: datetime


def owner_of(bucket: Bucket) -> Owner | None:
    """Raises `NotOwner` where the marker cannot be read."""
    try:
        return Owner.model_validate_json(bucket.get_small(MARKER, MOST_BYTES))
    except NoSuchObject:
        return None
    except (ValidationError, TooLarge) as error:
        raise NotOwner(f"{bucket.storage.name}: the marker {MARKER} is none of ours; name another prefix") from error


def claim(bucket: Bucket, journal: str, clock: Clock) -> None:
    """Make the prefix ours where it is nobody's. Raises `NotOwner`."""
    owner = owner_of(bucket)
    if owner is None:
        with suppress(NameTaken):  # Another hub may be faster, and is found below.
            bucket.put(MARKER, _marker(journal, clock), only_new=True)
        owner = owner_of(bucket)
    if owner is None or owner.journal != journal:
        whose = "nobody yet" if owner is None else f"another hub since {owner.since:%Y-%m-%d %H:%M} UTC"
        raise NotOwner(
            f"{bucket.storage.name} belongs to {whose}; name another prefix, or let this hub have it with"
            " `watchpost archive take-over`"
        )


def take_over(bucket: Bucket, journal: str, clock: Clock) -> None:
    """Make the prefix ours, whoever had it: that hub stops to use it."""
    bucket.put(MARKER, _marker(journal, clock))


def _marker(journal: str, clock: Clock) -> bytes:
    return Owner(journal=journal, since=clock()).model_dump_json().encode()
