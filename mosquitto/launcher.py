"""Writes the configuration of mosquitto, and checks whether a broker accepts connections."""

import errno
import os
import pwd
import resource
import shutil
import socket
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

TEMPLATE = Path(__file__).with_name("mosquitto.conf")
LOOPBACK = "127.0.0.1"
# MQTT 3.1.1 CONNECT, clean session, keep-alive 5 s, no client id: every version of mosquitto answers it with a CONNACK.
CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x05\x00\x00"
CONNACK = 0x20
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class BrokerMissing(FileNotFoundError):
    """mosquitto is not installed."""


@dataclass(frozen=True)
class AgentsListener:
    """Where enrolled agents connect, over TLS: the folders of their users and of the certificate."""

    port: int
    host: str
    accounts: Path
    certificate: Path
    connections: int = field(default_factory=lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
    """At most, whether somebody has signed in on them or not: the other files of the broker are for this machine."""

    def lines(self) -> list[str]:
        return [
            f"listener {self.port} {self.host}",
            *(["socket_domain ipv6"] if ":" in self.host else ["socket_domain ipv4"]),
            f"certfile {self.certificate / 'server.crt'}",
            f"keyfile {self.certificate / 'server.key'}",
            "tls_version tlsv1.2",
            f"max_connections {self.connections}",
            "allow_anonymous false",
            f"password_file {self.accounts / 'passwords'}",
            f"acl_file {self.accounts / 'acl'}",
        ]


@dataclass(frozen=True)
class Listeners:
    """Where the broker listens: TCP on `host:port`, and if given a Unix socket and a WebSocket port beside it, and a
    listener for agents of other machines.
    """

    port: int
    host: str = LOOPBACK
    unix_socket: Path | None = None
    websockets_port: int | None = None
    agents: AgentsListener | None = None

    def lines(self) -> list[str]:
        # With both families mosquitto insists on binding IPv6 too, which not every machine has.
        lines = [f"listener {self.port} {self.host}", "socket_domain ipv4"]
        if self.unix_socket is not None:
            lines += [f"listener 0 {self.unix_socket}"]
        if self.websockets_port is not None:
            lines += [f"listener {self.websockets_port} {self.host}", "protocol websockets", "socket_domain ipv4"]
        if self.agents is None:
            return lines
        anonymous = [part for line in lines for part in ([line, "allow_anonymous true"] if _opens(line) else [line])]
        return [*anonymous, *self.agents.lines()]


def _opens(line: str) -> bool:
    return line.startswith("listener ")


def mosquitto_path() -> str:
    """Debian installs into /usr/sbin, which is not on everybody's PATH."""
    found = shutil.which(
        "mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    )
    if found is None:
        raise BrokerMissing("mosquitto is not installed; on Debian: apt-get install mosquitto")
    return found


def free_port(host: str = LOOPBACK) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = LOOPBACK) -> bool:
    with socket.socket() as probe:
        # As mosquitto does: connections of an earlier broker that linger in TIME_WAIT do not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def write_config(directory: Path, listeners: Listeners) -> Path:
    """The development configuration with these listeners, in `directory`, or elsewhere where its disk is full."""
    # Before all settings of who may connect.
    head = [] if listeners.agents is None else ["per_listener_settings true"]
    lines = [*head, TEMPLATE.read_text(), *listeners.lines()]
    if os.geteuid() == 0:
        # Else mosquitto drops to a user of its own, which cannot read a 0700 directory and, by changing user, gets rid
        # of the signal that ends it together with its supervisor.
        lines.append(f"user {pwd.getpwuid(0).pw_name}")
    text = "\n".join(lines) + "\n"
    try:
        return _written(directory, text)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        return _written(Path(tempfile.mkdtemp(prefix="mosquitto-")), text)


def _written(directory: Path, text: str) -> Path:
    """Write it whole, or leave it as it was."""
    directory.mkdir(parents=True, exist_ok=True)
    config, draft = directory / "mosquitto.conf", directory / "mosquitto.conf.draft"
    try:
        draft.write_text(text)
        draft.replace(config)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return config


def command(config: Path) -> list[str]:
    return [mosquitto_path(), "-c", str(config)]


def accepts(address: tuple[str, int] | Path, tls: ssl.SSLContext | None = None) -> bool:
    """Whether a broker there answers an MQTT CONNECT; also a refusal (no password given) is an answer."""
    family, target = (socket.AF_UNIX, str(address)) if isinstance(address, Path) else (socket.AF_INET, address)
    with socket.socket(family) as plain:
        plain.settimeout(1.0)
        try:
            plain.connect(target)
            with tls.wrap_socket(plain, server_hostname=LOOPBACK) if tls else plain as connection:
                connection.sendall(CONNECT)
                return connection.recv(4)[:1] == bytes([CONNACK])
        except OSError:
            return False
