"""What keeps the gateway from answering a command is a sentence."""

import pytest

from tests.one_answer import CUT_OFF, answers_once
from watchpost.cli_errors import CliError
from watchpost.commands.gateway_client import ask
from watchpost.configuration.config import WatchpostConfig

STRANGE = b"HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (CUT_OFF, "^the gateway answers 520 Web Server Returned an Unknown Error$"),
        (STRANGE, "^the gateway answers 599$"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "what answers there is no gateway of Watchpost"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "what answers there is no gateway of Watchpost"),
    ],
)
def test_what_answers_and_is_no_gateway_is_named(answer: bytes, why: str) -> None:
    with answers_once(answer) as port, pytest.raises(CliError, match=why):
        ask(WatchpostConfig(), port, "GET", "/api/agents")
