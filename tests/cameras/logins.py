"""Whether a viewer answered a camera that asks for user and password (RFC 7617; RFC 2617 with and without qop)."""

import base64
import hashlib
import re
from collections.abc import Sequence


def is_right(given: str, method: str, challenges: Sequence[str], login: tuple[str, str]) -> bool:
    """`given` is the header of the request; it may answer any of the challenges."""
    return any(_answers(given, method, challenge, login) for challenge in challenges)


def _answers(given: str, method: str, challenge: str, login: tuple[str, str]) -> bool:
    if challenge.startswith("Basic"):
        return given == f"Basic {base64.b64encode(':'.join(login).encode()).decode()}"
    stated = _fields(given)
    return given.startswith("Digest") and stated.get("response") == _response(method, challenge, login, stated)


def _response(method: str, challenge: str, login: tuple[str, str], stated: dict[str, str]) -> str:
    asked = _fields(challenge)
    who = _md5(f"{login[0]}:{asked['realm']}:{login[1]}")
    what = _md5(f"{method}:{stated.get('uri', '')}")
    count = f":{stated.get('nc', '')}:{stated.get('cnonce', '')}:auth" if "qop" in asked else ""
    return _md5(f"{who}:{asked['nonce']}{count}:{what}")


def _fields(header: str) -> dict[str, str]:
    found = re.findall(r'(\w+)=(?:"((?:\\.|[^"\\])*)"|([^\s,]*))', header)
    return {key: re.sub(r"\\(.)", r"\1", quoted) or plain for key, quoted, plain in found}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
