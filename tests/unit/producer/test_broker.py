"""What is known of a broker before anybody connects to it."""

from pathlib import Path

import pytest

from producer.broker import MAX_PASSWORD, BrokerAddress


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
