"""What is known of a broker before anybody connects to it."""

import errno
import ssl
from pathlib import Path

import pytest

from producer.broker import MAX_PASSWORD, BrokerAddress, Tls


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (b"second\n", "second"),
        (b"", "first"),
        (b" \n", "first"),
        (b"x" * MAX_PASSWORD, "x" * MAX_PASSWORD),
        (b"x" * (MAX_PASSWORD + 1), "first"),
        ("ö".encode() * (MAX_PASSWORD // 2 + 1), "first"),
        (b"\xff", "first"),
        (None, "first"),
    ],
)
def test_the_password_is_what_the_file_holds_now_or_that_of_the_start(
    tmp_path: Path, held: bytes | None, expected: str
) -> None:
    file = tmp_path / "password"
    if held is not None:
        file.write_bytes(held)

    assert BrokerAddress(password="first", password_file=file).current_password() == expected


def test_no_password_shows_in_what_is_logged(tmp_path: Path) -> None:
    address = BrokerAddress(password="first", password_file=tmp_path / "password")

    assert "first" not in f"{address} {address!r}"


@pytest.mark.parametrize(("number", "is_kept"), [(errno.EIO, True), (errno.ENOENT, False), (errno.EACCES, False)])
def test_an_authority_on_a_disk_that_died_is_trusted_as_before(
    monkeypatch: pytest.MonkeyPatch, number: int, is_kept: bool
) -> None:
    def dead(**_: object) -> ssl.SSLContext:
        raise OSError(number, "of the disk")

    never_read, read = Tls(), Tls()
    before = read.context()
    monkeypatch.setattr(ssl, "create_default_context", dead)

    with pytest.raises(OSError, match="of the disk"):
        never_read.context()
    if is_kept:
        assert read.context() is before
    else:
        with pytest.raises(OSError, match="of the disk"):
            read.context()
