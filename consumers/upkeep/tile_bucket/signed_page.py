"""The page of a private bucket: one file, with the links by which it reads what lies beside it, and for each site the
links of its slots. Links hold for a week; they are renewed long before, so that a page that somebody was given works
for days after the hub has gone.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from consumers.store.cold.bucket import Bucket, ObjectHeaders
from consumers.store.cold.signed_links import SignedLinks
from consumers.upkeep.tile_bucket.page_names import INDEX, LINKS_LAST, RENEWED_AFTER, RING, SIGNED_PAGE
from consumers.upkeep.tile_bucket.site_index import folder, index_name
from consumers.views.mosaics.minute import time_key

PRIVATE: Final = "private, no-cache"
KINDS: Final = (".jpg", "_ok.jpg", "_ko.jpg", ".json")
SLOTS: Final = 1440

_SCRIPT = re.compile(r'<script type="module"[^>]*\ssrc="\./([^"]+)"[^>]*></script>')
_ENDS = re.compile("<(!--|/script)", re.IGNORECASE)
"""Where HTML sees no code any more, within a text of the code."""
_STYLE = re.compile(r'<link rel="stylesheet"[^>]*\shref="\./([^"]+)"[^>]*>')


class LinkList(BaseModel):
    model_config = ConfigDict(frozen=True)


class SlotLinks(LinkList):
    """`slots` has by the end of a name the signatures of all slots of a day in a row, 32 bytes each, in base64."""

    base: str
    query: str
    until: datetime
    slots: dict[str, str]


class PageLinks(LinkList):
    """Those of single objects, by name."""

    base: str
    query: str
    until: datetime
    signatures: dict[str, str]


def links_name(site: str) -> str:
    return f"{folder(site)}/links.json"


def are_due(until: datetime | None, now: datetime) -> bool:
    """Whether links that hold until then, if any, are to be renewed."""
    return until is None or now > until - LINKS_LAST + RENEWED_AFTER


def put_links(bucket: Bucket, links: SignedLinks, site: str) -> None:
    slots = [time_key(minute) for minute in range(SLOTS)]
    found = SlotLinks(
        base=links.base,
        query=links.query,
        until=links.until,
        slots={
            end: b64encode(links.signatures(f"{folder(site)}/{slot}{end}" for slot in slots)).decode() for end in KINDS
        },
    )
    bucket.put(links_name(site), found.model_dump_json().encode(), ObjectHeaders("application/json", PRIVATE))


def put_page(bucket: Bucket, links: SignedLinks, page: str, sites: Iterable[str]) -> None:
    names = [RING, *(name for site in sites for name in (index_name(site), links_name(site)))]
    known = PageLinks(
        base=links.base,
        query=links.query,
        until=links.until,
        signatures={name: links.signature(name).hex() for name in names},
    )
    data = known.model_dump_json().replace("<", "\\u003c")
    whole = page.replace("<title>", f'<script type="application/json" id="links">{data}</script><title>', 1)
    bucket.put(SIGNED_PAGE, whole.encode(), ObjectHeaders("text/html; charset=utf-8", PRIVATE))


def in_one_file(files: dict[str, bytes]) -> str:
    """A link leads to one object: what the page loads stands in it."""

    def script(found: re.Match[str]) -> str:
        code = _ENDS.sub(lambda end: f"\\x3C{end[1]}", files[found[1]].decode())
        return f'<script type="module">{code}</script>'

    def style(found: re.Match[str]) -> str:
        return f"<style>{files[found[1]].decode()}</style>"

    return _SCRIPT.sub(script, _STYLE.sub(style, files[INDEX].decode()))
