"""Says in words what the operating system refuses: a file that cannot be used, a machine that cannot be reached."""

import errno
import socket
import ssl
from typing import Final

from producer.ids import utc_now

OF_NETWORK: Final = {
    errno.ECONNREFUSED: "nothing listens there (connection refused)",
    errno.EHOSTUNREACH: "there is no way to this machine: it is off, or not in this network",
    errno.ENETUNREACH: "there is no network to this machine",
    errno.ECONNRESET: "it has closed the connection",
    errno.EPIPE: "it has closed the connection",
    errno.ETIMEDOUT: "it does not answer in time",
    errno.EADDRINUSE: "another program has this port",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EACCES: "this user may not do that",
}
_OF_DISK: Final = frozenset(
    {errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE, errno.EBADMSG, getattr(errno, "EUCLEAN", errno.EIO)}
)
_OTHER_TIME: Final = (9, 10)
"""`X509_V_ERR_CERT_NOT_YET_VALID` and `…_HAS_EXPIRED`: perhaps the clock of this machine has not found the time yet."""
_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})
_OTHER_NAME: Final = (62, 64)
"""`X509_V_ERR_HOSTNAME_MISMATCH` and `…_IP_ADDRESS_MISMATCH`."""


def describe_network_error(error: BaseException) -> str:
    """The rest of a sentence, without the name of whom was asked."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _OTHER_TIME:
            return f"{error.verify_message}, by the clock of this machine, which shows {utc_now():%Y-%m-%d %H:%M} UTC"
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError) and error.reason in _NO_TLS:
        return "what answers there speaks no TLS: another port, or a network that wants a login first, as of a hotel"
    if isinstance(error, ssl.SSLError):
        return f"the TLS connection fails ({error.reason or 'no reason is known'})"
    if isinstance(error, socket.gaierror):
        return "no machine of this name is known"
    if isinstance(error, TimeoutError):
        return OF_NETWORK[errno.ETIMEDOUT]
    if isinstance(error, OSError):
        return OF_NETWORK.get(error.errno or 0) or error.strerror or str(error)
    return str(error)


def is_of_another_name(error: ssl.SSLCertVerificationError) -> bool:
    """Whether a certificate that is trusted names other machines than the one that was asked."""
    return error.verify_code in _OTHER_NAME


def is_of_disk(error: BaseException) -> bool:
    """Whether the disk itself fails, whatever is read from it: another file there would fare no better."""
    return isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno in _OF_DISK


def describe_storage_error(error: Exception) -> str:
    """Say why a file or a database cannot be used."""
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    return describe_os_error(error) if isinstance(error, OSError) else str(error)


def describe_os_error(error: OSError) -> str:
    """A sentence without numbers, that begins with the file where there is one."""
    if error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if type(error) is not OSError or error.errno is not None:
        return describe_network_error(error)
    return str(error)
