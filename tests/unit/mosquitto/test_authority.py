"""The certificate of the broker, and its authority."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from mosquitto import authority
from mosquitto.authority import AuthorityDamaged, ensure_certificate
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


def test_an_authority_that_was_brought_back_signs_the_certificate_anew(tmp_path: Path) -> None:
    folder, before = tmp_path / "tls", tmp_path / "backup"
    for made in (before, folder):
        ensure_certificate(made, ["hub.example"], START)
    for name in ("ca.crt", "ca.key"):
        (folder / name).write_bytes((before / name).read_bytes())
    ensure_certificate(folder, ["hub.example"], START)

    certificate(folder).verify_directly_issued_by(certificate(before, "ca"))


@pytest.mark.parametrize("name", ["ca.crt", "ca.key"])
def test_an_authority_that_is_gone_or_of_another_key_is_never_made_anew(tmp_path: Path, name: str) -> None:
    folder, other = tmp_path / "tls", tmp_path / "other"
    for made in (other, folder):
        ensure_certificate(made, ["hub.example"], START)
    (folder / name).unlink()
    with pytest.raises(AuthorityDamaged, match=f"{name} is damaged"):
        ensure_certificate(folder, ["new.example"], START)

    (folder / name).write_bytes((other / name).read_bytes())
    with pytest.raises(AuthorityDamaged, match=r"ca\.key is damaged"):
        ensure_certificate(folder, ["new.example"], START)


def test_a_certificate_is_renewed_before_it_expires(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, ["hub.example"], START)

    ensure_certificate(tmp_path, ["hub.example"], START + timedelta(days=800))

    assert certificate(tmp_path).not_valid_after_utc > START + timedelta(days=1600)


def is_trusted(folder: Path, authority: x509.Certificate, at: datetime) -> bool:
    """Whether an agent that was given this authority connects when its clock says that."""
    policy = PolicyBuilder().store(Store([authority])).time(at)
    try:
        policy.build_server_verifier(x509.DNSName("hub.example")).verify(certificate(folder), [])
    except VerificationError:
        return False
    return True


NEVER_SET = datetime(1970, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("made", [NEVER_SET, START - timedelta(days=4000), START + timedelta(days=1500)], ids=str)
def test_a_certificate_that_was_made_while_the_clock_was_wrong_is_good_when_it_is_right(
    tmp_path: Path, made: datetime
) -> None:
    ensure_certificate(tmp_path, ["hub.example"], made)
    given = certificate(tmp_path, "ca")
    ensure_certificate(tmp_path, ["hub.example"], START)

    assert is_trusted(tmp_path, given, START)


@pytest.mark.parametrize("behind", [NEVER_SET, START - timedelta(days=700)], ids=str)
def test_an_agent_whose_clock_is_behind_connects(tmp_path: Path, behind: datetime) -> None:
    ensure_certificate(tmp_path, ["hub.example"], START - timedelta(days=800))
    given = certificate(tmp_path, "ca")
    ensure_certificate(tmp_path, ["hub.example"], START)

    assert is_trusted(tmp_path, given, behind)
    assert not is_trusted(tmp_path, given, START + timedelta(days=830))


@pytest.mark.parametrize("ahead", [timedelta(days=-3700), timedelta(days=1500)], ids=str)
def test_an_authority_of_an_older_release_that_is_not_valid_now_is_made_anew_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: timedelta
) -> None:
    made = START + ahead
    with monkeypatch.context() as older:
        older.setattr(authority, "ALWAYS", made - timedelta(days=1))
        older.setattr(authority, "FOR_EVER", made + timedelta(days=3650))
        ensure_certificate(tmp_path, ["hub.example"], made)
    before = certificate(tmp_path, "ca")
    ensure_certificate(tmp_path, ["hub.example"], START)

    assert not is_trusted(tmp_path, before, START)
    assert is_trusted(tmp_path, certificate(tmp_path, "ca"), START)
    assert certificate(tmp_path, "ca").public_key() == before.public_key()
