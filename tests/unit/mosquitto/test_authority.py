"""The certificate of the broker, and its authority."""

import stat
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from mosquitto.authority import ensure_certificate
from tests.builders import START


def certificate(folder: Path, name: str = "server") -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def names(folder: Path) -> set[str]:
    found = certificate(folder).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))}


def test_the_authority_signs_a_certificate_for_names_and_addresses(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, ["hub.example", "127.0.0.1", "::1"], START)

    certificate(tmp_path).verify_directly_issued_by(certificate(tmp_path, "ca"))
    assert names(tmp_path) == {"hub.example", "127.0.0.1", "::1"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_what_fits_stays_and_the_authority_always_does(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, ["hub.example", "other.example"], START)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    ensure_certificate(tmp_path, ["hub.example"], START)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first

    ensure_certificate(tmp_path, ["new.example"], START)
    assert names(tmp_path) == {"new.example"}
    assert (tmp_path / "ca.crt").read_bytes() == first["ca.crt"]


def test_a_certificate_is_renewed_before_it_expires(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, ["hub.example"], START)

    ensure_certificate(tmp_path, ["hub.example"], START + timedelta(days=800))

    assert certificate(tmp_path).not_valid_after_utc > START + timedelta(days=1600)
