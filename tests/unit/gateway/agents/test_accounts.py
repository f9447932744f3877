"""The files of users that mosquitto reads."""

from pathlib import Path

import pytest

from gateway.agents.accounts import EXPECTED_FOR, Account, Accounts, access_of
from tests.builders import START, at

HASH = "$7$101$salt$hash"
YARD, GATE = "DEMO/yard", "DEMO/gate"


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    found = Accounts(tmp_path)
    found.begin()
    return found


def enrol(accounts: Accounts, user: str, *devices: str) -> None:
    accounts.expect(user, HASH, START)
    accounts.reconcile({user: devices}, [], START)


def files(folder: Path) -> tuple[str, str]:
    return (folder / "passwords").read_text(), (folder / "acl").read_text()


def test_both_files_are_there_before_anybody_is_enrolled(accounts: Accounts, tmp_path: Path) -> None:
    passwords, acl = files(tmp_path)

    assert passwords == ""
    assert [line for line in acl.splitlines() if line and not line.startswith("#")] == []


def test_a_user_may_do_what_the_agent_of_its_devices_needs() -> None:
    assert access_of(Account("pi-1.a", HASH, (YARD,))).split("\n")[1:-1] == [
        "user pi-1.a",
        "topic write watchpost/v1/DEMO/yard/event/#",
        "topic write watchpost/v1/DEMO/yard/media/#",
        "topic write watchpost/v1/DEMO/yard/live/#",
        "topic write watchpost/v1/DEMO/yard/response/#",
        "topic write watchpost/v1/DEMO/yard/state",
        "topic readwrite watchpost/v1/DEMO/yard/claim",
        "topic read watchpost/v1/DEMO/yard/watermark",
        "topic read watchpost/v1/DEMO/yard/command/#",
    ]


def test_the_lines_are_those_of_the_access_list_of_production() -> None:
    """Both say what an agent needs; of production's the agent is `pi-1`."""
    delivered = Path("mosquitto/acl").read_text().splitlines()
    example = [line.removeprefix("#").strip() for line in delivered if line.startswith("#   topic")]

    assert example == access_of(Account("pi-1", HASH, ("SITE/DEVICE",))).splitlines()[2:]


def test_who_is_let_in_is_let_in_still_where_the_file_of_accounts_is_gone(accounts: Accounts, tmp_path: Path) -> None:
    enrol(accounts, "pi-1.a", YARD)
    before = files(tmp_path)
    (tmp_path / "accounts.json").unlink()
    accounts.expect("pi-2.b", HASH, START)
    accounts.reconcile({"pi-1.a": (YARD,)}, [], START)

    assert files(tmp_path) == before


def test_users_come_and_go_and_their_devices_change(accounts: Accounts, tmp_path: Path) -> None:
    enrol(accounts, "pi-1.a", YARD)
    enrol(accounts, "pi-2.b", GATE)

    accounts.reconcile({"pi-2.b": (GATE, YARD)}, ["pi-1.a"], START)

    passwords, acl = files(tmp_path)
    assert passwords == f"pi-2.b:{HASH}\n"
    assert "user pi-1.a" not in acl
    assert "watchpost/v1/DEMO/yard/state" in acl


def test_a_user_that_a_view_does_not_know_yet_stays(accounts: Accounts, tmp_path: Path) -> None:
    enrol(accounts, "pi-1.a", YARD)
    before = files(tmp_path)

    accounts.reconcile({}, ["pi-9.z"], START)

    assert files(tmp_path) == before
    assert accounts.users() == {"pi-1.a"}


def test_what_has_not_changed_is_not_written(accounts: Accounts, tmp_path: Path) -> None:
    enrol(accounts, "pi-1.a", YARD)
    before = (tmp_path / "passwords").stat().st_ino

    accounts.reconcile({"pi-1.a": (YARD,)}, [], START)

    assert (tmp_path / "passwords").stat().st_ino == before


def test_a_file_that_somebody_deleted_is_written_again(accounts: Accounts, tmp_path: Path) -> None:
    enrol(accounts, "pi-1.a", YARD)
    (tmp_path / "acl").unlink()

    accounts.reconcile({"pi-1.a": (YARD,)}, [], START)

    assert "user pi-1.a" in (tmp_path / "acl").read_text()


def test_a_user_is_let_in_once_the_journal_names_it(accounts: Accounts, tmp_path: Path) -> None:
    accounts.expect("pi-1.a", HASH, START)
    before = accounts.users(), files(tmp_path)[0]
    accounts.reconcile({"pi-1.a": (YARD,)}, [], at(1))

    assert before == (set(), "")
    assert accounts.users() == {"pi-1.a"}
    assert files(tmp_path)[0] == f"pi-1.a:{HASH}\n"


def test_a_user_whose_enrolment_never_came_is_forgotten(accounts: Accounts, tmp_path: Path) -> None:
    accounts.expect("pi-1.a", HASH, START)
    accounts.reconcile({}, [], START + EXPECTED_FOR)

    assert "pi-1.a" not in (tmp_path / "accounts.json").read_text()


@pytest.mark.parametrize("damaged", [b"", b"{", b"[1]", b'[{"user": "x"}]', b"\xff"])
def test_damaged_accounts_let_the_broker_start_with_those_it_knows(
    accounts: Accounts, tmp_path: Path, damaged: bytes
) -> None:
    enrol(accounts, "pi-1.a", YARD)
    (tmp_path / "accounts.json").write_bytes(damaged)
    (tmp_path / "acl").unlink()

    accounts.begin()

    assert files(tmp_path) == (f"pi-1.a:{HASH}\n", "")
    with pytest.raises(ValueError, match=r"accounts\.json is damaged"):
        accounts.reconcile({}, [], START)
