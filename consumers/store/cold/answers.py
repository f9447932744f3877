"""The meaning of the answers of S3 servers, in the words of whoever must do something about it."""

from collections.abc import Mapping
from typing import Final

_MEANINGS: Final[Mapping[str, str]] = {
    "AccessDenied": "the key lacks the right",
    "InvalidAccessKeyId": "it does not know the key",
    "SignatureDoesNotMatch": "the secret of the key is wrong",
    "ExpiredToken": "the key has expired",
    "RequestTimeTooSkewed": "its clock and ours differ too much",
    "NoSuchBucket": "there is no such bucket",
    "QuotaExceeded": "its quota is used up",
    "XMinioAdminBucketQuotaExceeded": "its quota is used up",
    "XMinioStorageFull": "it is full",
    "507": "it is full",
    "InvalidObjectState": "the object was moved to a class that must be restored before it can be read",
}


def meaning_of(code: str, status: int) -> str:
    """What follows the sentence that says what failed; empty where nobody knows more."""
    found = _MEANINGS.get(code) or _MEANINGS.get(str(status))
    return f": {found}" if found else ""
