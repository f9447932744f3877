"""The page in the bucket: its files, `ring.json`, by which it knows the sites, and of a private bucket the page that
needs no rights.
"""

import mimetypes
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from consumers.store.cold.bucket import Bucket, NoSuchObject, ObjectHeaders, TooLarge
from consumers.upkeep.tile_bucket import signed_page
from consumers.upkeep.tile_bucket.page_names import INDEX, LINKS_LAST, RING
from consumers.upkeep.tile_bucket.site_index import MOST_BYTES, SiteIndex, index_name
from producer.ids import Clock

ASSETS: Final = "assets/"
FRESH: Final = "no-cache"
HASHED: Final = "public, max-age=31536000, immutable"
"""The name of an asset has a hash in it, which means the same bytes for ever."""


class RingSite(BaseModel):
    model_config = ConfigDict(frozen=True)

    site: str
    name: str
    time_zone: str
    index: str
    """The name of its index, from where `ring.json` is."""


class RingSites(BaseModel):
    """What is in the bucket; sites of other hubs may be among them."""

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    page: str | None = None
    """A hash of the files of the page."""
    base: str | None = None
    """The address under which everybody can read the objects; `None` where it is not known."""
    links_until: datetime | None = None
    """How long the links of the signed page hold; `None` where there is none."""
    sites: tuple[RingSite, ...] = ()


class PageFiles:
    """The built page below a directory; there may be none."""

    def __init__(self, directory: Path | None, base: str | None, clock: Clock) -> None:
        self._base = base
        self._clock = clock
        self._directory = directory
        """Read once: another build comes with another process."""
        self._known: RingSites | None = None
        self._links_until: datetime | None = None
        """How long the links hold that were put here last, or were there at the start."""

    def publish(self, bucket: Bucket, indexes: Sequence[SiteIndex]) -> None:
        """Put what the bucket does not have yet. Raises `OutOfReach`."""
        ours = {one.site: RingSite(**_names(one)) for one in indexes}
        known = self._known or self._begin(bucket)
        if self._with_sites(known, ours) != known or self._are_links_due():
            # Another hub may have put its sites there since; or somebody has emptied the bucket.
            known = _published(bucket)
            known = known if known.page is not None else self._put_page(bucket, known)
        wanted = self._with_sites(known, ours)
        if self._signs and (wanted.sites != known.sites or self._are_links_due()):
            self._links_until = self._sign(bucket, wanted, tuple(ours))
            wanted = wanted.model_copy(update={"links_until": self._links_until})
        self._known = known if wanted == known else _put_ring(bucket, wanted)

    def _begin(self, bucket: Bucket) -> RingSites:
        known = self._put_page(bucket, _published(bucket))
        self._links_until = known.links_until
        return known

    def _with_sites(self, known: RingSites, ours: Mapping[str, RingSite]) -> RingSites:
        """With our sites as they are, beside those of other hubs."""
        others = {one.site: one for one in known.sites if one.site not in ours}
        sites = tuple(site for _, site in sorted({**others, **ours}.items()))
        until = known.links_until if self._signs else None
        return known.model_copy(update={"sites": sites, "base": self._base, "links_until": until})

    @property
    def _signs(self) -> bool:
        """Whether the bucket is private, and there is a page that reads it by links."""
        return self._base is None and INDEX in self._files

    def _are_links_due(self) -> bool:
        """By our own: another hub renews those of its sites alone."""
        return self._signs and signed_page.are_due(self._links_until, self._clock())

    def _sign(self, bucket: Bucket, wanted: RingSites, ours: Sequence[str]) -> datetime:
        """Put the signed page and the links of our sites; until when they hold."""
        links = bucket.links(int(LINKS_LAST.total_seconds()))
        for site in ours:
            signed_page.put_links(bucket, links, site)
        signed_page.put_page(bucket, links, signed_page.in_one_file(self._files), [one.site for one in wanted.sites])
        return links.until

    def _put_page(self, bucket: Bucket, known: RingSites) -> RingSites:
        page = _hash(self._files)
        if not self._files or page == known.page:
            return known
        _put(bucket, self._files)
        return _put_ring(bucket, known.model_copy(update={"page": page, "links_until": None}))

    @cached_property
    def _files(self) -> dict[str, bytes]:
        if self._directory is None or not self._directory.is_dir():
            return {}
        paths = sorted(path for path in self._directory.rglob("*") if path.is_file())
        return {path.relative_to(self._directory).as_posix(): path.read_bytes() for path in paths}


def _names(index: SiteIndex) -> dict[str, str]:
    return {"site": index.site, "name": index.name, "time_zone": index.time_zone, "index": index_name(index.site)}


def _published(bucket: Bucket) -> RingSites:
    try:
        return RingSites.model_validate_json(bucket.get_small(RING, MOST_BYTES))
    except (NoSuchObject, TooLarge, ValidationError):
        return RingSites()


def _put_ring(bucket: Bucket, ring: RingSites) -> RingSites:
    bucket.put(RING, ring.model_dump_json().encode(), ObjectHeaders("application/json", FRESH))
    return ring


def _hash(files: dict[str, bytes]) -> str:
    found = sha256()
    for name, body in files.items():
        found.update(f"{name}:{len(body)}:".encode() + body)
    return found.hexdigest()[:24]


def _put(bucket: Bucket, files: dict[str, bytes]) -> None:
    """Assets first: the page names them. Those of an older page go last."""
    for name in sorted(files, key=lambda name: not name.startswith(ASSETS)):
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        bucket.put(name, files[name], ObjectHeaders(kind, HASHED if name.startswith(ASSETS) else FRESH))
    for name, _ in list(bucket.list(ASSETS)):
        if name not in files:
            bucket.delete(name)
