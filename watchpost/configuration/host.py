"""The type of a host name or address without anything else."""

import re
from typing import Annotated

from pydantic import AfterValidator


def _host_only(host: str) -> str:
    """A password in an address would be shown wherever the host is named, in logs and messages."""
    if not re.fullmatch(r"[^\s/@?#'\"]+", host):
        raise ValueError("this is no host: give a name or an address alone, without scheme, user, password and path")
    return host


Host = Annotated[str, AfterValidator(_host_only)]
