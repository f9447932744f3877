"""A real mosquitto with the production configuration, in a folder of the test."""

import os
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mosquitto.launcher import accepts, command
from tests.eventually import eventually

CONFIGURATION = Path("mosquitto/production.conf")


def installed(folder: Path, ports: Mapping[int, int], users: Mapping[str, Mapping[str, str]]) -> Path:
    """The production configuration as an operator installs it, with other ports and another folder. `users` has the
    passwords of each file.
    """
    configuration = configured(folder, ports)
    (folder / "acl").write_text(Path("mosquitto/acl").read_text())
    make_secrets(folder, users)
    return configuration


def configured(folder: Path, ports: Mapping[int, int]) -> Path:
    # As root mosquitto would become the user mosquitto, who cannot read the folders of a test.
    user = "user root\n" if os.geteuid() == 0 else ""
    text = CONFIGURATION.read_text().replace("/etc/watchpost", str(folder))
    for port, other in ports.items():
        text = text.replace(f"listener {port}\n", f"listener {other}\n")
    (folder / "production.conf").write_text(user + text)
    return folder / "production.conf"


def make_secrets(folder: Path, users: Mapping[str, Mapping[str, str]]) -> None:
    for file, passwords in users.items():
        (folder / file).touch()
        for name, password in passwords.items():
            subprocess.run(["mosquitto_passwd", "-b", str(folder / file), name, password], check=True)
    certificate = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    certificate += ["-keyout", "server.key", "-out", "server.crt", "-days", "2", "-subj", "/CN=watchpost"]
    subprocess.run(
        [*certificate, "-addext", "subjectAltName=IP:127.0.0.1"], cwd=folder, check=True, capture_output=True
    )


@contextmanager
def started(configuration: Path, port: int) -> Iterator[ssl.SSLContext]:
    folder = configuration.parent
    tls = ssl.create_default_context(cafile=str(folder / "server.crt"))
    with (folder / "log").open("wb") as log, subprocess.Popen(command(configuration), stderr=log) as process:
        try:
            eventually(lambda: accepts(("127.0.0.1", port), tls), what=f"readiness: {(folder / 'log').read_text()}")
            yield tls
        finally:
            process.terminate()
