"""Checks addresses of network cameras, and removes secrets from texts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import unquote

HIDDEN: Final = "***"
FRAGMENT: Final = 4
"""A sequence of this many characters of a password is never shown."""
HOW_TO_ENCODE: Final = (
    "percent-encode what is special in user, password and path: %40 for @, %3A for :, %2F for /, %3F for ?, "
    "%23 for #, %25 for %, %20 for a space"
)

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/{1,2}(.*)", re.DOTALL)
_AUTHORITY = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_USERINFO = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*")
_REST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:/?-]|%[0-9A-Fa-f]{2})*")
_PLAIN_SEGMENT = re.compile(r"[A-Za-z0-9._~-]*/?")
_PASSWORD_KEY = re.compile(r"[?&/](?:pass|passwd|password|pwd)=", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(:/+)[^\s'\"]*@")
"""An address that was given as a path has one slash, because paths do not keep two."""
_SHORT: Final = 2


class AddressInvalid(ValueError):
    """The text is not a usable address. The message says why, without quoting it."""


def check_address(text: str, schemes: Sequence[str]) -> None:
    """Raises `AddressInvalid` for every text in which the end of user and password is in doubt."""
    known = " or ".join(f"{scheme}://" for scheme in schemes)
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in schemes:
        raise AddressInvalid(f"it must begin with {known}")
    authority, beyond = _split(rest)
    userinfo, _, host = authority.rpartition("@")
    if "@" in beyond or not _USERINFO.fullmatch(userinfo) or not _REST.fullmatch(beyond):
        raise AddressInvalid(f"it cannot be read; {HOW_TO_ENCODE}")
    if not _AUTHORITY.fullmatch(host):
        raise AddressInvalid(f"no host and port can be read in it; {HOW_TO_ENCODE}")
    port = host.rpartition("]")[2].partition(":")[2]
    if port and not 0 < int(port) <= 65535:
        raise AddressInvalid("its port is not within 1 to 65535")


def holds_credentials(text: str) -> bool:
    """Whether a user or a password is, or may be, in an address."""
    return "@" in text or _PASSWORD_KEY.search(text) is not None


def without_credentials(address: str) -> str:
    """rtsp://user:secret@host/path?token=x becomes rtsp://host/path; a path or a device stays as it is.

    It shows only what is certainly not secret, and hides the rest, so it cannot fail.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return address
    scheme, rest = found.groups()
    authority, beyond = _split(rest)
    host = authority.rpartition("@")[2]
    if "@" in beyond or not _AUTHORITY.fullmatch(host):
        return f"{scheme}://{HIDDEN}"
    plain, rest = _plain_path(beyond)
    shown = plain + (HIDDEN if rest and rest[0] not in "?#" else "")
    return _covered(f"{scheme}://{host}{shown}", _passwords(address))


class Redactor:
    """Removes the secrets of these addresses from any text, such as exceptions and traces."""

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        self._addresses = sorted(addresses, key=len, reverse=True)
        self._secrets = [secret for address in self._addresses for secret in _secrets(address)]

    def redact(self, text: str) -> str:
        for address in self._addresses:
            text = text.replace(address, without_credentials(address))
        return _covered(_CREDENTIALS.sub(r"\1", text), self._secrets)


def _split(rest: str) -> tuple[str, str]:
    """The authority, and what comes after it."""
    end = next((place for place, character in enumerate(rest) if character in "/?#"), len(rest))
    return rest[:end], rest[end:]


def _plain_path(beyond: str) -> tuple[str, str]:
    """The part of a path that is certainly nothing but a path, and the rest with the query."""
    plain = ""
    for segment in re.split(r"(?<=/)", beyond):
        if not _PLAIN_SEGMENT.fullmatch(segment):
            kept = re.split(r"[?#]", segment, maxsplit=1)[0]
            plain += kept if _PLAIN_SEGMENT.fullmatch(kept) and len(kept) < len(segment) else ""
            break
        plain += segment
    return plain, beyond[len(plain) :]


def _secrets(address: str) -> Iterator[str]:
    """The password, and what path and query may hold, as written and decoded."""
    yield from _passwords(address)
    found = _ADDRESS.fullmatch(address)
    if found is not None:
        yield from _both(_plain_path(_split(found.group(2))[1])[1])


def _passwords(address: str) -> list[str]:
    """If the end of the password is in doubt, everything that may belong to it."""
    found = _ADDRESS.fullmatch(address)
    userinfo = found.group(2).rpartition("@")[0] if found else ""
    password = userinfo.partition(":")[2] or userinfo
    return [secret for secret in _both(password) if secret]


def _both(text: str) -> tuple[str, str]:
    return text, unquote(text)


def _covered(text: str, secrets: Iterable[str]) -> str:
    """Without the secrets, and without `FRAGMENT` characters in a row of one; short ones only as whole words."""
    hidden = [False] * len(text)
    for secret in secrets:
        if len(secret) < FRAGMENT:
            pattern = rf"(?<!\w){re.escape(secret)}(?!\w)" if len(secret) >= _SHORT else r"(?!)"
            for match in re.finditer(pattern, text):
                hidden[match.start() : match.end()] = [True] * len(secret)
            continue
        fragments = {secret[start : start + FRAGMENT] for start in range(len(secret) - FRAGMENT + 1)}
        for start in range(len(text) - FRAGMENT + 1):
            if text[start : start + FRAGMENT] in fragments:
                hidden[start : start + FRAGMENT] = [True] * FRAGMENT
    return _joined(text, hidden)


def _joined(text: str, hidden: Sequence[bool]) -> str:
    parts: list[str] = []
    for character, is_hidden in zip(text, hidden, strict=True):
        if not is_hidden:
            parts.append(character)
        elif not parts or parts[-1] != HIDDEN:
            parts.append(HIDDEN)
    return "".join(parts)
