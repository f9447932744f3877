"""Tests with a tiny object what we may do in a bucket."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

from consumers.store.archive.copies import OutOfReach
from consumers.store.cold.bucket import Bucket, NoSuchObject, NoSuchUpload

BODY: Final = b"watchpost archive probe"
PART: Final = bytes(5 << 20)


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One thing that was tried; `lacks` says what was wrong, `None` where it works."""

    what: str
    lacks: str | None


def probe(bucket: Bucket) -> Iterator[ProbeStep]:
    """Each right that the hub needs, but for what follows from one that lacks: nothing can be read where nothing was
    written. The objects that it writes are deleted again, as far as that is allowed."""
    name = f"probe/{token_hex(8)}"
    yield _try("list objects", lambda: next(bucket.list(name), None) is None)
    yield (written := _try("write an object", lambda: bucket.put(name, BODY)))
    if written.lacks is None:
        yield _try("see that it is there", lambda: bucket.size(name) == len(BODY))
        yield _try("read it", lambda: bucket.get_small(name, len(BODY)) == BODY)
        yield _try("read a part of it", lambda: bucket.get(name, 10, 17) == BODY[10:17])
    yield _try("upload in parts", lambda: _multipart(bucket, f"{name}.parts"))
    yield _try("delete it", lambda: _delete(bucket, name, f"{name}.parts"))


def _multipart(bucket: Bucket, name: str) -> bool:
    upload = bucket.begin_upload(name)
    etags = [bucket.put_part(name, upload, number, part) for number, part in enumerate((PART, BODY), 1)]
    bucket.complete_upload(name, upload, etags)
    return bucket.get(name, len(PART), len(PART) + len(BODY)) == BODY


def _delete(bucket: Bucket, *names: str) -> bool:
    for name in names:
        bucket.delete(name)
    return all(bucket.size(name) is None for name in names)


def _try(what: str, act: Callable[[], bool | None]) -> ProbeStep:
    try:
        worked = act()
    except OutOfReach as error:
        return ProbeStep(what, error.strerror or str(error))
    except (NoSuchObject, NoSuchUpload) as error:
        return ProbeStep(what, f"it is not there after it was written ({error})")
    return ProbeStep(what, "the answer is not what was written" if worked is False else None)
