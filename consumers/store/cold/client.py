"""Makes the client of a bucket, and what limits its bandwidth."""

from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from s3transfer.bandwidth import BandwidthLimiter, LeakyBucket
from s3transfer.utils import signal_not_transferring, signal_transferring

from consumers.store.cold.bounded_answers import BoundedAnswers
from consumers.store.cold.settings import ColdStorage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_S = 5.0
READ_S = 15.0
CONNECTIONS = 16


class KeyFiles(Credentials):
    """Keys of files, which may be changed while they are used."""

    def __init__(self, storage: ColdStorage) -> None:
        super().__init__(storage.access_key or "", storage.secret_key or "", method="files")
        self._storage = storage

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        access, secret = self._storage.current_keys()
        return ReadOnlyCredentials(access or "", secret or "", None)

    def load_credentials(self) -> Credentials:
        """As what finds the keys of a session is asked for them."""
        return self


def _session_with_files(storage: ColdStorage) -> boto3.Session:
    session = botocore.session.get_session()
    session.register_component("credential_provider", KeyFiles(storage))
    return boto3.Session(botocore_session=session)


def client_of(storage: ColdStorage, answers_within_s: float | None = None) -> "S3Client":
    """A caller that waits no longer than that asks once; the others ask again."""
    keys = (None, None) if storage.has_key_files else (storage.access_key, storage.secret_key)
    make = _session_with_files(storage).client if storage.has_key_files else boto3.client
    client = make(
        "s3",
        endpoint_url=storage.endpoint,
        region_name=storage.region,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        config=Config(
            # Links too: R2 knows no older signature.
            signature_version="s3v4",
            connect_timeout=answers_within_s or CONNECT_S,
            read_timeout=answers_within_s or READ_S,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": 2 if answers_within_s is None else 1},
            # Objects are read back after they were written, and compared. Servers of others than Amazon may not know
            # these checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if storage.endpoint else "auto"},
        ),
    )
    endpoint = client._endpoint  # type: ignore[attr-defined]  # no setting reaches its session
    endpoint.http_session = BoundedAnswers(endpoint.http_session)
    return client


def secret_of(client: "S3Client") -> str | None:
    """The secret that it signs with, wherever it found it; `None` where it found none."""
    credentials = client._request_signer._credentials  # type: ignore[attr-defined]  # nothing else has what it found
    return None if credentials is None else str(credentials.get_frozen_credentials().secret_key)


def limiter_of(client: "S3Client", bytes_per_s: int | None) -> BandwidthLimiter | None:
    """It counts what is sent, and not what is read to be signed."""
    if bytes_per_s is None:
        return None
    client.meta.events.register_first("request-created.s3", signal_not_transferring, unique_id="not-transferring")
    client.meta.events.register_last("request-created.s3", signal_transferring, unique_id="transferring")
    return BandwidthLimiter(LeakyBucket(bytes_per_s))
