"""Hands one mail to an SMTP server, in a thread that can be cut off at any moment."""

import smtplib
import socket
import ssl
from contextlib import closing, suppress

from consumers.hub_config import MailServer

_READY = 220


class NoEncryption(smtplib.SMTPException):
    """The server offers no STARTTLS, which the configuration demands."""


class SmtpSession:
    """One connection. `deliver` is called by a thread; `cut_off` by any other."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._socket: socket.socket | None = None
        self._is_cut_off = False

    def deliver(self, sender: str, recipient: str, mail: bytes) -> None:
        """Raises `SMTPException` and `OSError`."""
        with closing(self._client()) as client:
            client.sendmail(sender, [recipient], mail)
            with suppress(smtplib.SMTPException, OSError):
                client.quit()  # The server has the mail, whatever it says now.

    def cut_off(self) -> None:
        """A server that sends a byte now and then would be read for ever: its timeout is that of each byte."""
        self._is_cut_off = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _client(self) -> smtplib.SMTP:
        server = self._server
        # The name that the standard library says by default is asked of a name server.
        client = smtplib.SMTP(local_hostname=socket.gethostname() or "localhost", timeout=server.timeout_s)
        try:
            self._connect(client)
            if server.security == "tls":
                self._encrypt(client)
            _expect_ready(*client.getreply())
            if server.security == "starttls":
                self._start_tls(client)
            if server.user is not None:
                client.login(server.user, server.password)
        except BaseException:
            client.close()
            raise
        return client

    def _connect(self, client: smtplib.SMTP) -> None:
        """To the first of its addresses that answers. The standard library's own way cannot be cut off."""
        server, failure = self._server, OSError("it has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM):
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(server.timeout_s)
            self._use(client, connection)
            try:
                connection.connect(address)
            except OSError as error:
                failure = error
                client.close()
            else:
                return
        raise failure

    def _start_tls(self, client: smtplib.SMTP) -> None:
        client.ehlo_or_helo_if_needed()
        if not client.has_extn("starttls"):
            raise NoEncryption("no STARTTLS")
        _expect_ready(*client.docmd("STARTTLS"))
        self._encrypt(client)
        client.ehlo()  # What it said before was not encrypted, and counts no more.

    def _encrypt(self, client: smtplib.SMTP) -> None:
        assert client.sock is not None
        authority = None if self._server.ca_file is None else str(self._server.ca_file)
        context = ssl.create_default_context(cafile=authority)
        encrypted = context.wrap_socket(client.sock, server_hostname=self._server.host, do_handshake_on_connect=False)
        self._use(client, encrypted)
        encrypted.do_handshake()

    def _use(self, client: smtplib.SMTP, connection: socket.socket) -> None:
        client.sock, client.file = connection, None
        self._socket = connection
        if self._is_cut_off:
            raise TimeoutError


def _expect_ready(code: int, said: bytes) -> None:
    if code != _READY:
        raise smtplib.SMTPResponseException(code, said)
