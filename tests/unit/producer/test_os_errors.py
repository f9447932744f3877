"""What the operating system refuses, in words."""

import socket
import ssl

import pytest

from producer.os_errors import describe_network_error, is_of_another_name


def refused(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize("code", [9, 10])
def test_a_certificate_of_another_time_is_said_with_the_clock_of_this_machine(code: int) -> None:
    said = describe_network_error(refused(code, "certificate is not yet valid"))

    assert said.startswith("certificate is not yet valid, by the clock of this machine, which shows 20")
    assert not is_of_another_name(refused(code, ""))


def test_a_certificate_for_another_machine_is_known_as_such() -> None:
    error = refused(62, "Hostname mismatch")

    assert is_of_another_name(error)
    assert describe_network_error(error) == "its certificate is not trusted (Hostname mismatch)"


def test_what_answers_without_tls_is_said_in_words() -> None:
    there, here = socket.socketpair()
    with there, here:
        there.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n")
        context = ssl.create_default_context()
        with pytest.raises(ssl.SSLError) as refused:
            context.wrap_socket(here, server_hostname="hub.example")

    assert describe_network_error(refused.value).startswith("what answers there speaks no TLS: another port, or")
