"""What the gateway keeps of agents."""

import stat
from base64 import b64decode
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bus_schemas.enrolment import signed_bytes
from gateway.agents.service import AgentService, AgentsSettings, CheckedConfiguration
from gateway.http.problems import Problem
from tests.builders import START


def check(node: str, text: str) -> CheckedConfiguration:
    return CheckedConfiguration(text, ())


@pytest.fixture
def service(tmp_path: Path) -> AgentService:
    return AgentService.of(AgentsSettings(tmp_path / "accounts", 8884, check), tmp_path)


def test_who_guesses_codes_waits_longer_and_longer_and_others_do_not(service: AgentService) -> None:
    code, _ = service.codes.issue("pi-1", "ada", START, timedelta(minutes=15))
    statuses = []
    for number in range(8):
        with pytest.raises(Problem) as refused:
            service.find_code(f"wrong {number}", "192.0.2.7", START)
        statuses.append(refused.value.status)

    assert statuses == [403] * 5 + [429] * 3
    with pytest.raises(Problem, match="too many wrong codes"):
        service.find_code(code, "192.0.2.7", START)
    assert service.find_code(code, "192.0.2.8", START).node == "pi-1"


def test_the_key_stays_and_signs_what_its_public_half_verifies(service: AgentService, tmp_path: Path) -> None:
    again = AgentService.of(service.settings, tmp_path)
    signature = again.key.sign("pi-1", 3, "{}")

    key = Ed25519PublicKey.from_public_bytes(b64decode(service.key.public))
    key.verify(b64decode(signature), signed_bytes("pi-1", 3, "{}"))
    assert stat.S_IMODE((tmp_path / "agents" / "signing.key").stat().st_mode) == 0o600


def test_agents_are_given_the_certificates_of_the_authority_and_nothing_that_stands_beside_them(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    settings = AgentsSettings(tmp_path / "accounts", 8884, check, ca_file=file)
    service = AgentService.of(settings, tmp_path)
    blocks = ["-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----\nTUlJ\n"]
    file.write_text(f"# Zertifikat für die Büros\n{blocks[0]}\n{blocks[1]}\n{blocks[0]}\n")

    assert service.ca() == f"{blocks[0]}\n{blocks[0]}\n"

    file.write_text(blocks[1])
    with pytest.raises(Problem, match="holds no certificate"), service.files():
        service.ca()


def test_a_thousand_addresses_that_guess_codes_hold_up_nobody_else_and_write_nothing(
    service: AgentService, tmp_path: Path
) -> None:
    code, _ = service.codes.issue("pi-1", "ada", START, timedelta(minutes=15))
    before = (tmp_path / "agents" / "codes.json").stat()
    for number in range(1000):
        with pytest.raises(Problem) as refused:
            service.find_code(f"wrong {number}", f"10.0.{number // 250}.{number % 250}", START)
        assert refused.value.status == 403

    assert service.find_code(code, "192.0.2.8", START).node == "pi-1"
    assert (tmp_path / "agents" / "codes.json").stat() == before


@pytest.mark.parametrize("damage", ["empty", "short", "directory"])
def test_a_damaged_key_is_a_sentence_and_is_read_again_once_it_is_restored(
    service: AgentService, tmp_path: Path, damage: str
) -> None:
    file, kept = tmp_path / "agents" / "signing.key", tmp_path / "kept"
    signature = service.key.sign("pi-1", 1, "{}")
    file.rename(kept)
    match damage:
        case "directory":
            file.mkdir()
        case _:
            file.write_bytes(b"" if damage == "empty" else kept.read_bytes()[:20])

    again = AgentService.of(service.settings, tmp_path)
    with pytest.raises(Problem, match=r"signing\.key") as refused, again.files():
        again.key.sign("pi-1", 1, "{}")
    assert refused.value.status == 503

    file.rmdir() if damage == "directory" else file.unlink()
    kept.rename(file)
    assert again.key.has_signed("pi-1", 1, "{}", signature)
    assert not again.key.has_signed("pi-1", 2, "{}", signature)
    assert not again.key.has_signed("pi-1", 1, "{}", "no signature")
