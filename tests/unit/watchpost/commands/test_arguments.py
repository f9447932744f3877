"""What commands are given and cannot use: each says so in a sentence, whatever the argument."""

from pathlib import Path

import pytest

from tests.command_line import run

FAR = ("0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "0001-01-01", "2200-01-01")
NUMBERS = (
    ("size", "--disk-gb"),
    ("size", "--moving"),
    ("simulate", "--devices", "1", "--rate"),
    ("simulate", "--devices", "1", "--rate", "1", "--for"),
    ("devices", "expect", "A", "b", "--silent-after"),
)


@pytest.mark.parametrize("number", ["nan", "inf", "1e999"])
@pytest.mark.parametrize("arguments", NUMBERS, ids=" ".join)
def test_a_number_that_nobody_can_count_with_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], number: str
) -> None:
    assert run(monkeypatch, *arguments, number) == 2
    assert arguments[-1] in capsys.readouterr().err


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("command", [("replay", "--into", "B", "--from"), ("what-if", "--since")], ids=" ".join)
def test_a_moment_beyond_all_events_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], far: str
) -> None:
    until = {"--from": "--to", "--since": "--until"}[command[-1]]

    assert run(monkeypatch, *command, far, until, "2026-01-05T11:00Z") == 2
    assert f"{far!r}" in capsys.readouterr().err


def test_nobody_simulates_the_hub(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "simulate", "--devices", "1", "--rate", "1", "--for", "1", "--site", "_hub") == 2
    assert capsys.readouterr().err == "_hub is the hub's own name\n"


@pytest.mark.parametrize("node", ["pi 1", "Büro", "../../x", "", "\udcff", "a" * 65])
@pytest.mark.parametrize("command", ["code", "versions", "revoke"])
def test_what_is_no_name_of_an_agent_is_said_before_the_hub_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, node: str
) -> None:
    """Within an address, no name would ask for the list of agents, and a path for something else."""
    yes = ("--yes",) if command == "revoke" else ()

    assert run(monkeypatch, "agents", command, *yes, "--port", "1", "--", node) == 2
    assert "is no name of an agent: it has letters, digits, _ and -" in capsys.readouterr().err


@pytest.mark.parametrize("command", [("code",), ("revoke", "--yes")], ids=" ".join)
def test_a_name_of_an_agent_is_asked_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    """Nothing listens at this port: the sentence is about that, and not about the name."""
    assert run(monkeypatch, "agents", *command, "--port", "1", "--", "pi-1") == 2
    assert "nothing listens there" in capsys.readouterr().err


def test_a_configuration_of_an_agent_that_is_no_text_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pi-1.yaml").write_bytes("name: Büro".encode("latin-1"))

    assert run(monkeypatch, "agents", "configure", "pi-1", str(tmp_path / "pi-1.yaml")) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'pi-1.yaml'}: is not UTF-8 text\n"
