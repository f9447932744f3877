"""A site whose minutes go to a bucket on a real server, and what a browser would read there."""

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event as Flag
from typing import Any

from pydantic_core import from_json

from consumers.hub_config import HubConfig
from consumers.store.cold.bucket import Bucket, ObjectHeaders
from consumers.store.cold.settings import ColdStorage, TileBucket
from consumers.upkeep.tile_bucket.publisher import TilePublisher
from consumers.upkeep.tile_bucket.site_index import SiteIndex
from tests.builders import START
from tests.minute_site import Site
from tests.rclone import BUCKET, S3Server


class RecordingBucket(Bucket):
    """As the real one; `puts` are the names and headers that were sent."""

    def __init__(self, storage: ColdStorage) -> None:
        super().__init__(storage)
        self.puts: dict[str, ObjectHeaders | None] = {}

    def put(self, name: str, body: bytes, headers: ObjectHeaders | None = None, *, only_new: bool = False) -> None:
        super().put(name, body, headers, only_new=only_new)
        self.puts[name] = headers


class FolderBucket(Bucket):
    """Puts minutes where the server keeps them, which takes a tenth of the time that its requests take."""

    def __init__(self, storage: ColdStorage, folder: Path) -> None:
        super().__init__(storage)
        self._folder = folder

    def put(self, name: str, body: bytes, headers: ObjectHeaders | None = None, *, only_new: bool = False) -> None:
        if headers is None or "minute" not in headers.metadata:
            super().put(name, body, headers, only_new=only_new)
            return
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def delete(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)


class PublishedRing:
    """`page` is the directory of a built page."""

    def __init__(
        self,
        directory: Path,
        server: S3Server,
        prefix: str = "",
        page: Path | None = None,
        public_url: str | None = None,
    ) -> None:
        self.site = Site(directory, ("gate", "yard"))
        self.server = server
        self.prefix = prefix
        self.storage = replace(server.storage(prefix), region="auto")
        settings = TileBucket(self.storage, public_url, page)
        self.hub = HubConfig(data=directory, archive=lambda: self.site.media, tile_bucket=settings)

    def publish(self, now: datetime = START) -> dict[str, ObjectHeaders | None]:
        """As a hub that was just started; what it sent."""
        bucket = RecordingBucket(self.storage)
        self._publish(bucket, now)
        return bucket.puts

    def fill(self) -> None:
        """As `publish`, for a test that is about reading."""
        self._publish(FolderBucket(self.storage, self.path("")))

    def _publish(self, bucket: Bucket, now: datetime = START) -> None:
        assert self.hub.tile_bucket is not None
        with closing(TilePublisher(self.hub.data, self.hub.tile_bucket, lambda: now, Flag())) as publisher:
            publisher._bucket = bucket
            while publisher.round():
                pass

    def path(self, name: str) -> Path:
        return self.server.objects / BUCKET / self.prefix / name

    def index(self) -> SiteIndex:
        return SiteIndex.model_validate_json(self.path("heatmaps/DEMO/index.json").read_bytes())

    def json(self, slot: str) -> dict[str, Any]:
        found: dict[str, Any] = from_json(self.path(f"heatmaps/DEMO/{slot}.json").read_bytes())
        return found

    def close(self) -> None:
        self.site.followed.close()
