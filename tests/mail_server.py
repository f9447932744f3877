"""An SMTP server on loopback that keeps what it is sent, and answers single commands as a test wants."""

import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import BinaryIO, Self, cast

PATIENCE_S = 30.0


class MailServer:
    """`answers` are by command, in place of the usual ones; None as one closes the connection without a word.

    With a TLS `context` it offers STARTTLS, or speaks TLS from the beginning where it `is_encrypted`.
    """

    def __init__(
        self,
        answers: Mapping[str, str | None] | None = None,
        context: ssl.SSLContext | None = None,
        *,
        is_encrypted: bool = False,
    ) -> None:
        self.answers = dict(answers or {})
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.commands: list[str] = []
        self._context = context
        self._is_encrypted = is_encrypted
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._accepting.join()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                connection.settimeout(PATIENCE_S)
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError):
            self._talk(self._encrypted(connection) if self._is_encrypted else connection)

    def _encrypted(self, connection: socket.socket) -> ssl.SSLSocket:
        assert self._context is not None
        with connection:
            return self._context.wrap_socket(connection, server_side=True)

    def _talk(self, connection: socket.socket, greeting: str = "220 ready") -> None:
        with connection, cast("BinaryIO", connection.makefile("rb")) as lines:
            said = self._answer(connection, "CONNECT", greeting) if greeting else "nothing yet"
            while said and (line := lines.readline().decode().strip()):
                self.commands.append(line)
                command = line.split()[0].upper()
                if command == "RCPT":
                    self.recipients.append(line.partition(":")[2].strip("<>"))
                said = self._answer(connection, command, self._usual(command))
                if command == "STARTTLS":
                    self._talk(self._encrypted(connection), greeting="")
                    return
                if command == "DATA" and said.startswith("354"):
                    self._take(lines)
                    said = self._answer(connection, "END", "250 taken")

    def _take(self, lines: BinaryIO) -> None:
        taken = []
        while (line := lines.readline()) not in {b".\r\n", b""}:
            taken.append(line.removeprefix(b"."))
        self.mails.append(message_from_bytes(b"".join(taken), policy=default))

    def _usual(self, command: str) -> str:
        match command:
            case "EHLO":
                offered = "250-STARTTLS\r\n" if self._context is not None and not self._is_encrypted else ""
                return f"250-mail.example\r\n{offered}250 AUTH PLAIN"
            case "STARTTLS":
                return "220 go on"
            case "AUTH":
                return "235 welcome"
            case "DATA":
                return "354 go on"
            case "QUIT":
                return "221 bye"
        return "250 ok"

    def _answer(self, connection: socket.socket, command: str, usual: str) -> str:
        answer = self.answers.get(command, usual)
        if answer is None:
            return ""
        connection.sendall(f"{answer}\r\n".encode())
        return answer
