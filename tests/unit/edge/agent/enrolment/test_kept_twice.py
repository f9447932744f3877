"""Files of an enrolment that a card has damaged."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from bus_schemas.enrolment import SignedConfiguration
from edge.agent.enrolment.configurations import ConfigurationStore, ConfigurationsUnreadable
from edge.agent.enrolment.identity import CA, FOLDER, Identity, IdentityUnreadable, load, save
from edge.agent.enrolment.kept_twice import spare_of
from mosquitto.authority import ensure_certificate
from producer.ids import utc_now

IDENTITY = Identity(
    hub="https://hub.example",
    node="pi-1",
    user="agent-pi-1",
    password="secret",
    broker_host="hub.example",
    broker_port=8884,
    has_own_authority=True,
    hub_key="a2V5",
)
CONFIGURATION = SignedConfiguration(node="pi-1", version=3, configuration="{}", signature="c2ln")
FILES = ("identity.json", CA, "configurations.json")
DAMAGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "torn": lambda content: content[: len(content) // 2],
    "zeros": lambda content: bytes(len(content)),
    "empty": lambda _: b"",
    "noise": lambda content: b"\xff\xfe" * len(content),
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("hub")
    ensure_certificate(folder, ["hub.example"], utc_now())
    return (folder / CA).read_text()


@pytest.fixture
def data(tmp_path: Path, authority: str) -> Path:
    save(tmp_path, IDENTITY, authority)
    ConfigurationStore.begin_with(tmp_path, CONFIGURATION)
    return tmp_path


def found(data: Path) -> tuple[Identity | None, SignedConfiguration]:
    return load(data), ConfigurationStore.load(data).in_force


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_an_agent_goes_on_with_the_copy_of_a_damaged_file(
    data: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    file = data / FOLDER / name
    whole = file.read_bytes()
    file.write_bytes(damage(whole))

    assert found(data) == (IDENTITY, CONFIGURATION)
    assert file.read_bytes() == whole, "it is whole again, in case that the copy is damaged next"
    assert {stat.S_IMODE(path.stat().st_mode) for path in (file, spare_of(file))} == {0o600}


@pytest.mark.parametrize("name", FILES)
def test_where_both_are_damaged_it_says_so_in_a_sentence(data: Path, name: str) -> None:
    file = data / FOLDER / name
    for path in (file, spare_of(file)):
        path.write_bytes(b"")

    with pytest.raises(
        (IdentityUnreadable, ConfigurationsUnreadable), match=r"it is damaged; enrol this machine again"
    ):
        found(data)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_copy_costs_nothing(data: Path, name: str) -> None:
    spare_of(data / FOLDER / name).write_bytes(b"")

    assert found(data) == (IDENTITY, CONFIGURATION)


@pytest.mark.parametrize("name", FILES)
def test_an_agent_that_was_enrolled_by_an_older_version_gets_a_copy_when_it_starts(data: Path, name: str) -> None:
    spare = spare_of(data / FOLDER / name)
    spare.unlink()
    found(data)

    assert spare.read_bytes() == (data / FOLDER / name).read_bytes()


def test_an_identity_that_somebody_took_away_does_not_come_back(data: Path) -> None:
    (data / FOLDER / "identity.json").unlink()

    assert load(data) is None


def test_a_copy_that_has_no_room_keeps_no_configuration_from_being_in_force(data: Path) -> None:
    spare = spare_of(data / FOLDER / "configurations.json")
    spare.unlink()
    spare.mkdir()
    newer = CONFIGURATION.model_copy(update={"version": 4})
    store = ConfigurationStore.load(data)
    store.try_out(newer)
    store.confirm()

    assert ConfigurationStore.load(data).in_force == newer
