"""The settings of cold storage, and of the bucket for minute tiles."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path

from producer.secret_file import current_secret

MB = 1_000_000
MOST_KEY_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class TransferHours:
    """A time of day, in UTC; it may pass midnight, and is the whole day where it ends when it begins."""

    start: time
    end: time

    def __contains__(self, moment: datetime) -> bool:
        now = moment.time()
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


@dataclass(frozen=True, slots=True)
class ColdStorage:
    """A bucket, its keys, and when what goes to it. Without keys, boto3 looks for them where it usually does."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str = "us-east-1"
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    access_key_file: Path | None = None
    """Read for each request, as that of the secret key is: keys that are changed there need no restart."""
    secret_key_file: Path | None = None
    archive_after: timedelta = timedelta(minutes=15)
    keep_hot: timedelta = timedelta(hours=24)
    copies: int = 1
    """In how many places media stay: with 2, the disk lets go of what is in the bucket only where it has to."""
    bytes_per_s: int | None = None
    hours: TransferHours | None = None
    cache_bytes: int = 1000 * MB

    @property
    def has_key_files(self) -> bool:
        return self.access_key_file is not None or self.secret_key_file is not None

    def current_keys(self) -> tuple[str | None, str | None]:
        """The access key and the secret key."""
        return (
            current_secret(self.access_key_file, self.access_key, MOST_KEY_BYTES),
            current_secret(self.secret_key_file, self.secret_key, MOST_KEY_BYTES),
        )

    def kinds(self, media: tuple[tuple[str, timedelta], ...]) -> tuple[str, ...]:
        """The kinds that go to the bucket, of those that are kept so long: the others are gone before it would help."""
        longer_than = self.keep_hot if self.copies == 1 else self.archive_after
        return tuple(kind for kind, keep in media if keep > longer_than)

    @property
    def name(self) -> str:
        """The bucket as people know it, without anything secret."""
        where = f" at {self.endpoint}" if self.endpoint else ""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/") + where

    def key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name


@dataclass(frozen=True, slots=True)
class TileBucket:
    """A bucket for the minute tiles, the address under which everybody can read it, and the built page for it."""

    storage: ColdStorage
    public_url: str | None = None
    page: Path | None = None

    @property
    def public_base(self) -> str | None:
        """The address before the names of objects; `None` where they are not public."""
        return None if self.public_url is None else f"{self.public_url}/{self.storage.prefix}".rstrip("/")
