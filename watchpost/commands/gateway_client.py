"""Asks the gateway of this machine, with its token, and words what keeps it from answering."""

import json
import os
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any, Final

from producer.os_errors import describe_network_error
from watchpost.cli_errors import CliError
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.secrets import gateway_token

ANSWERS_WITHIN_S: Final = 20.0
EVERYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound
NO_GATEWAY: Final = "what answers there is no gateway of Watchpost"


def ask(
    config: WatchpostConfig, port: int | None, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Raises `CliError` with the sentence of the gateway."""
    gateway = config.gateway
    host = "127.0.0.1" if gateway.host in EVERYWHERE else gateway.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{gateway.port if port is None else port}"
    headers = {"Content-Type": "application/json"}
    if (token := gateway_token(config, os.environ)) is not None:
        headers["Authorization"] = f"Bearer {token}"
    content = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(f"{url}{path}", content, headers, method=method)  # noqa: S310 - http, see above
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=ANSWERS_WITHIN_S) as answer:
            found = json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise CliError(_reason(refusal)) from refusal
    except (OSError, ValueError, HTTPException) as error:
        raise CliError(f"the gateway at {url} cannot be asked: {_why(error)}; does the hub run?") from error
    if not isinstance(found, dict):
        raise CliError(f"the gateway at {url} cannot be asked: {NO_GATEWAY}; does the hub run?")
    return found


def _why(error: Exception) -> str:
    """Also in words of TLS or of HTTP, where something else than a gateway answers."""
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, BaseException):
        return describe_network_error(error.reason)
    if isinstance(error, OSError):
        return describe_network_error(error)
    return NO_GATEWAY


def _reason(refusal: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(refusal.read())["detail"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return f"the gateway answers {refusal.code} {refusal.reason}".rstrip()
