"""What a machine sends to a hub, and to whom."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from bus_schemas.enrolment import PASSWORD_HASH
from edge.agent.enrolment.client import Hub, NotEnrolled, enrol, password_hash, read_target
from edge.agent.enrolment.identity import IdentityUnreadable, load
from mosquitto.launcher import free_port
from tests.one_answer import CUT_OFF, answers_once
from tests.required import unavailable
from watchpost.commands.enrolment import is_enrolled


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("AAAA-BBBB-CCCC@hub.example", "https://hub.example"),
        ("AAAA-BBBB-CCCC@hub.example:8443", "https://hub.example:8443"),
        ("AAAA-BBBB-CCCC@https://hub.example/", "https://hub.example"),
        ("AAAA-BBBB-CCCC@127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("AAAA-BBBB-CCCC@http://localhost:8080", "http://localhost:8080"),
        ("AAAA-BBBB-CCCC@[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_hub_is_asked_over_https_but_on_this_machine(typed: str, url: str) -> None:
    code, hub = read_target(typed)

    assert (code, hub.url) == ("AAAA-BBBB-CCCC", url)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("AAAA-BBBB-CCCC", "CODE@ADDRESS"),
        ("@hub.example", "CODE@ADDRESS"),
        ("AAAA@ftp://hub.example", "no address of a hub"),
        ("AAAA@hub.example/page", "no address of a hub"),
        ("AAAA@user@hub.example", "no address of a hub"),
        ("AAAA@hub.example:99999", "is no address"),
        ("AAAA@http://hub.example", "for everybody on the way to read"),
        ("AAAA@http://192.0.2.7:8080", "or --allow-plain-http"),
    ],
)
def test_what_is_no_hub_or_would_send_the_code_openly_is_refused(typed: str, why: str) -> None:
    with pytest.raises(NotEnrolled, match=why):
        read_target(typed)


def test_plain_http_is_used_where_somebody_says_so() -> None:
    assert read_target("AAAA@http://hub.example", allows_plain_http=True)[1].url == "http://hub.example"


def test_the_hash_is_one_that_the_hub_takes_and_another_each_time() -> None:
    first, second = password_hash("secret"), password_hash("secret")

    assert re.fullmatch(PASSWORD_HASH, first)
    assert first != second


@pytest.mark.processes
def test_mosquitto_makes_the_same_hash_of_a_password(tmp_path: Path) -> None:
    """It hashes with the salt in the file what it is given: an unchanged file is the same hash."""
    file = tmp_path / "passwords"
    file.write_text("pi-1:secret\n")
    subprocess.run(["mosquitto_passwd", "-U", str(file)], check=True, capture_output=True)

    assert re.fullmatch(PASSWORD_HASH, file.read_text().strip().partition(":")[2])


def test_a_hub_that_does_not_answer_is_named(tmp_path: Path) -> None:
    _, hub = read_target(f"AAAA@127.0.0.1:{free_port()}")

    with pytest.raises(NotEnrolled, match=r"http://127\.0\.0\.1:\d+ cannot be asked: nothing listens there"):
        enrol("AAAA", hub, tmp_path)
    assert not (tmp_path / "enrolment" / "identity.json").exists()


def test_no_code_is_used_where_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "enrolment" / ".probe.new").mkdir(parents=True)

    with pytest.raises(OSError, match="Is a directory"):
        enrol("AAAA", Hub("http://127.0.0.1:1"), tmp_path)


def test_an_identity_of_another_account_is_named_with_what_to_do(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        unavailable("only root works as somebody else")
    (tmp_path / "enrolment").mkdir(mode=0o700)
    os.seteuid(65_534)
    try:
        assert is_enrolled(tmp_path)
        with pytest.raises(IdentityUnreadable, match=rf"Permission denied; .* chown -R ACCOUNT: {tmp_path}$"):
            load(tmp_path)
    finally:
        os.seteuid(0)


def test_what_answers_and_is_no_hub_is_named(tmp_path: Path) -> None:
    with (
        answers_once(b"SSH-2.0-OpenSSH_9.2\r\n") as port,
        pytest.raises(NotEnrolled, match="does not speak HTTP"),
    ):
        enrol("AAAA", Hub(f"http://127.0.0.1:{port}"), tmp_path)


def test_a_web_page_in_the_place_of_a_hub_is_named(tmp_path: Path) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n<html>Log in"
    with answers_once(page) as port, pytest.raises(NotEnrolled, match="a web page and no hub"):
        enrol("AAAA", Hub(f"http://127.0.0.1:{port}"), tmp_path)


def test_a_refusal_that_is_cut_off_is_named_by_its_number(tmp_path: Path) -> None:
    with answers_once(CUT_OFF) as port, pytest.raises(NotEnrolled, match="refuses: HTTP 520"):
        enrol("AAAA", Hub(f"http://127.0.0.1:{port}"), tmp_path)


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolled, match=r"no certificate of an authority can be read from .*none"):
        enrol("AAAA", Hub("https://hub.example", tmp_path / "none"), tmp_path)


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolled, match="its name is not one"):
        enrol("AAAA", Hub(f"http://{'a' * 70}.example"), tmp_path)
