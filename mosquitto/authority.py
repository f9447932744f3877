"""Makes a certificate authority of the hub's own, and the certificate of its broker."""

import ipaddress
import os
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFICATE_LASTS: Final = timedelta(days=825)
RENEWED_BEFORE: Final = timedelta(days=60)
ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing begins later: a Raspberry Pi without a battery may be years behind, and never find the time."""
FOR_EVER: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The end of the authority. Agents were given it by the hub, and no other date would make it safer."""


def ensure_certificate(folder: Path, names: Collection[str], now: datetime) -> None:
    """Have ca.crt, server.crt and server.key in the folder, for these names and addresses.

    The authority stays, because agents trust it. One that is not valid now is made anew: the clock was wrong when it
    was made, and no agent could connect. The certificate is made again for other names, and before it expires.

    Raises `AuthorityDamaged` and `OSError`. A certificate that is damaged is made again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = _server(folder)
    fits = known is not None and _is_valid(known, now, RENEWED_BEFORE) and set(names) <= _names_of(known)
    if known is not None and fits and _is_of(known, require_authority(folder), now):
        return
    authority, key = _authority(folder, now)
    _write_server(folder, authority, key, names, now)


class AuthorityDamaged(ValueError):
    """No agent can be sure of the broker. The message says what to do."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"{file} is damaged: restore it from a backup and restart the hub; without one, move {file.parent} away and"
            " enrol every agent again"
        )


def require_authority(folder: Path) -> x509.Certificate:
    """Raises `AuthorityDamaged` where the certificate that agents trust cannot be read."""
    return _certificate(folder / "ca.crt")


def _is_valid(one: x509.Certificate, now: datetime, for_at_least: timedelta = timedelta()) -> bool:
    return one.not_valid_before_utc <= now and one.not_valid_after_utc - now >= for_at_least


def _is_of(one: x509.Certificate, authority: x509.Certificate, now: datetime) -> bool:
    """Whether this authority, valid now, has signed it: another may have been brought back from a backup."""
    try:
        one.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return _is_valid(authority, now)


def _server(folder: Path) -> x509.Certificate | None:
    """`None` where there is none, or none that the broker can use."""
    try:
        certificate, key = _certificate(folder / "server.crt"), _key(folder / "server.key")
    except AuthorityDamaged:
        return None
    return certificate if certificate.public_key() == key.public_key() else None


def _authority(folder: Path, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Raises `AuthorityDamaged`, also where its certificate is gone that has signed one before: agents trust it."""
    if any((folder / f"{name}.crt").exists() for name in ("ca", "server")):
        known, key = _certificate(folder / "ca.crt"), _key(folder / "ca.key")
        if known.public_key() != key.public_key():
            raise AuthorityDamaged(folder / "ca.key")
        if _is_valid(known, now):
            return known, key
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Watchpost authority")])
    certificate = (
        _builder(name, name, key, FOR_EVER)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(folder / "ca.key", key)
    _write(folder / "ca.crt", certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _write_server(
    folder: Path,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    names: Collection[str],
    now: datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Watchpost broker")])
    certificate = (
        _builder(subject, authority.subject, key, now + CERTIFICATE_LASTS)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in sorted(set(names))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    _write_key(folder / "server.key", key)
    _write(folder / "server.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ALWAYS)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names_of(certificate: x509.Certificate) -> set[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))}


def _certificate(path: Path) -> x509.Certificate:
    """Raises `AuthorityDamaged`."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise AuthorityDamaged(path) from error


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Raises `AuthorityDamaged`."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AuthorityDamaged(path) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityDamaged(path)
    return key


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    form = serialization.PrivateFormat.PKCS8
    _write(path, key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))


def _write(path: Path, content: bytes) -> None:
    """Write it whole, or leave it as it was, also after a power cut: agents trust it for years. For the owner alone."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
