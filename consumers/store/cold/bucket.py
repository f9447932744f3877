"""A bucket of S3: objects by name below its prefix, and errors as sentences without anything secret."""

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from s3transfer.futures import TransferCoordinator

from consumers.store.archive.copies import OutOfReach
from consumers.store.cold.answers import meaning_of
from consumers.store.cold.client import client_of, limiter_of, secret_of
from consumers.store.cold.settings import ColdStorage
from consumers.store.cold.signed_links import ANY, SignedLinks, links_like
from producer.garbage import let_go

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

T = TypeVar("T")

CHUNK_BYTES = 1 << 20
MOST_LISTED = 10_000_000
"""The archive of 16 cameras has 2 million in a year."""

_GONE = {"404", "NoSuchKey", "NotFound"}
_BEYOND = {"416", "InvalidRange"}
_NO_UPLOAD = {"NoSuchUpload", "404"}
_TAKEN = {"412", "PreconditionFailed", "ConditionalRequestConflict"}


class BucketAway(OutOfReach):
    """The server does not answer, or fails on what it is asked for."""


class BucketRefused(OutOfReach):
    """The server answers, and does not allow it."""


class NoSuchObject(LookupError):
    """The bucket has no object of this name."""


class TooLarge(ValueError):
    """The object is larger than it may be, or more of it was sent than was asked for."""


class NoSuchUpload(LookupError):
    """The server does not know the upload: it is begun anew."""


class NameTaken(FileExistsError):
    """There is an object of this name already."""


@dataclass(frozen=True, slots=True)
class ObjectHeaders:
    """How a browser gets an object: `metadata` as headers that begin with `x-amz-meta-`."""

    content_type: str
    cache_control: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class Bucket:
    """For use from any thread."""

    def __init__(
        self,
        storage: ColdStorage,
        answers_within_s: float | None = None,
        received: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`received` is called with the number of bytes each time that some of an object have come."""
        self.storage = storage
        self._received = received
        self._client = client_of(storage, answers_within_s)
        self._limiter = limiter_of(self._client, storage.bytes_per_s)

    def put(self, name: str, body: bytes, headers: ObjectHeaders | None = None, *, only_new: bool = False) -> None:
        """Raises `NameTaken` where it must be new and is not."""
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if only_new else {}
        if headers is not None:
            condition |= {"ContentType": headers.content_type, "CacheControl": headers.cache_control}
            condition |= {"Metadata": dict(headers.metadata)}
        try:
            self._call(
                "write",
                lambda: self._client.put_object(
                    Bucket=self.storage.bucket, Key=self.storage.key(name), Body=self._paced(body), **condition
                ),
            )
        except _Answered as answered:
            if answered.code in _TAKEN:
                raise NameTaken(errno.EEXIST, "there is an object of this name", name) from None
            raise answered.refusal from None

    def get(self, name: str, first: int, last: int) -> bytes:
        """The bytes from `first` to before `last`, as far as there are any. Raises `NoSuchObject` and `TooLarge`."""
        try:
            return b"".join(self._chunks(name, last - first, {"Range": f"bytes={first}-{last - 1}"}))
        except _EndsBefore:
            return b""

    def get_small(self, name: str, most: int) -> bytes:
        """A whole object. Raises `NoSuchObject` and `TooLarge`."""
        return b"".join(self.stream(name, most))

    def stream(self, name: str, most: int) -> Iterator[bytes]:
        """A whole object, of at most so many bytes. Raises `NoSuchObject` and `TooLarge`."""
        return self._chunks(name, most, {})

    def _chunks(self, name: str, most: int, part: dict[str, Any]) -> Iterator[bytes]:
        """A server may send more than it was asked for, or without end."""
        try:
            found = self._call(
                "read",
                lambda: self._client.get_object(Bucket=self.storage.bucket, Key=self.storage.key(name), **part),
            )
        except _Answered as answered:
            if answered.code in _GONE:
                raise NoSuchObject(name) from None
            if answered.code in _BEYOND:
                raise _EndsBefore(name) from None
            raise answered.refusal from None
        left = most
        with closing(found["Body"]) as body:
            chunks = body.iter_chunks(CHUNK_BYTES)
            while chunk := self._call("read", lambda: next(chunks, b"")):
                self._received(len(chunk))
                left -= len(chunk)
                if left < 0:
                    raise TooLarge(f"{name} has more than {most:,} bytes at {self.storage.name}")
                yield chunk

    def size(self, name: str) -> int | None:
        """`None` where there is no object of this name."""
        try:
            found = self._call(
                "read", lambda: self._client.head_object(Bucket=self.storage.bucket, Key=self.storage.key(name))
            )
        except _Answered as answered:
            if answered.code in _GONE:
                return None
            raise answered.refusal from None
        return found["ContentLength"]

    def delete(self, name: str) -> None:
        """Nothing where there is none."""
        try:
            self._call(
                "delete", lambda: self._client.delete_object(Bucket=self.storage.bucket, Key=self.storage.key(name))
            )
        except _Answered as answered:
            if answered.code not in _GONE:
                raise answered.refusal from None

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        """The names and sizes of objects, in the order of their names. A server that lists more than any hub has
        written does not know what it holds.
        """
        count = 0
        pages = iter(
            self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.storage.bucket, Prefix=self.storage.key(prefix)
            )
        )
        start = len(self.storage.key(""))
        try:
            while page := self._call("list", lambda: next(pages, None)):
                for each in page.get("Contents", []):
                    count += 1
                    yield each["Key"][start:], each["Size"]
                if count > MOST_LISTED:
                    raise BucketAway(errno.EIO, f"{self.storage.name} lists more than {MOST_LISTED:,} objects")
        except _Answered as answered:
            raise answered.refusal from None

    def begin_upload(self, name: str) -> str:
        try:
            return self._call(
                "write",
                lambda: self._client.create_multipart_upload(Bucket=self.storage.bucket, Key=self.storage.key(name)),
            )["UploadId"]
        except _Answered as answered:
            raise answered.refusal from None

    def put_part(self, name: str, upload_id: str, number: int, body: bytes) -> str:
        """Upload a part, counted from 1. Returns the server's tag of it. Raises `NoSuchUpload`."""
        return self._of_upload(
            lambda: self._client.upload_part(
                Bucket=self.storage.bucket,
                Key=self.storage.key(name),
                UploadId=upload_id,
                PartNumber=number,
                Body=self._paced(body),
            )
        )["ETag"]

    def complete_upload(self, name: str, upload_id: str, etags: Sequence[str]) -> None:
        """Raises `NoSuchUpload`."""
        parts: list[CompletedPartTypeDef] = [{"ETag": etag, "PartNumber": n} for n, etag in enumerate(etags, 1)]
        self._of_upload(
            lambda: self._client.complete_multipart_upload(
                Bucket=self.storage.bucket,
                Key=self.storage.key(name),
                UploadId=upload_id,
                MultipartUpload={"Parts": parts},
            )
        )

    def abort_upload(self, name: str, upload_id: str) -> None:
        """Nothing where there is none."""
        with suppress(NoSuchUpload):
            self._of_upload(
                lambda: self._client.abort_multipart_upload(
                    Bucket=self.storage.bucket, Key=self.storage.key(name), UploadId=upload_id
                )
            )

    def uploads(self) -> Iterator[tuple[str, str]]:
        """The names and ids of uploads that have begun and not ended; none where the server does not list them."""
        start = len(self.storage.key(""))
        try:
            found = self._call(
                "list",
                lambda: self._client.list_multipart_uploads(
                    Bucket=self.storage.bucket, Prefix=self.storage.key("packs/")
                ),
            )
        except _Answered:
            return
        for each in found.get("Uploads", []):
            yield each["Key"][start:], each["UploadId"]

    def link(self, name: str, seconds: int) -> str:
        """An address under which whoever has it can read the object for some time, without a key. Raises
        `BucketRefused` where we have none.
        """
        where = {"Bucket": self.storage.bucket, "Key": self.storage.key(name)}
        return self._call("sign links", lambda: self._client.generate_presigned_url("get_object", where, seconds))

    def links(self, seconds: int) -> SignedLinks:
        """As `link`, for thousands of objects. Raises `BucketRefused` where there is no key."""
        link, secret = self.link(ANY, seconds), secret_of(self._client)
        assert secret is not None, "it has signed that link"
        return links_like(link, secret)

    def close(self) -> None:
        self._client.close()

    def _of_upload(self, act: Callable[[], T]) -> T:
        try:
            return self._call("write", act)
        except _Answered as answered:
            if answered.code in _NO_UPLOAD:
                raise NoSuchUpload(answered.code) from None
            raise answered.refusal from None

    def _paced(self, body: bytes) -> Any:
        if self._limiter is None:
            return body
        return self._limiter.get_bandwith_limited_stream(BytesIO(body), TransferCoordinator())

    def _call(self, what: str, act: Callable[[], T]) -> T:
        """Raises `BucketAway`, or `_Answered`. The message of the server is not passed on: it may name a key."""
        try:
            return act()
        except (BotoCoreError, ClientError, OSError) as error:
            let_go(error)
            raise self._worded(what, error) from None

    def _worded(self, what: str, error: Exception) -> Exception:
        if isinstance(error, ClientError):
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            meaning = meaning_of(code, status)
            if status >= 500 or status == 429:
                sentence = f"{self.storage.name} fails on a request to {what} ({status}){meaning}"
                return BucketAway(errno.EIO, sentence)
            refusal = BucketRefused(errno.EACCES, f"{self.storage.name} refuses to {what} ({code or status}){meaning}")
            return _Answered(code or str(status), refusal)
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            # Nobody was asked yet: the server is not the one that fails.
            return BucketRefused(errno.EACCES, f"there are no keys to {what} at {self.storage.name}")
        return BucketAway(errno.EHOSTUNREACH, f"{self.storage.name} does not answer ({type(error).__name__})")


class _EndsBefore(LookupError):
    """The object has no byte where it was to be read from."""


class _Answered(Exception):
    def __init__(self, code: str, refusal: BucketRefused) -> None:
        super().__init__(code)
        self.code = code
        self.refusal = refusal
