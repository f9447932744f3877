"""`watchpost what-if`: what it prints, what it refuses, and the code it ends with."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.event import Event
from consumers.alerting.rules import AlertRules
from consumers.alerting.what_if import files
from consumers.alerting.what_if.trial import Counts, RaisedAlert
from tests import builders
from tests.builders import at
from tests.command_line import run
from tests.trial_hub import Past, past_of
from watchpost import VERSION
from watchpost.trials.report import lines
from watchpost.trials.run import run_asked

CONFIG = """
sites: [{site: DEMO, devices: [{device: oven, thermal: {kind: thermal_csv, path: none.csv}}]}]
alerts: {rules: {hot_spot_c: 70}}
"""
SPAN = ("--since", "2026-01-05T10:00Z", "--until", "2026-01-05T10:10Z")


def warm_minutes() -> Iterator[Event]:
    for second in range(0, 600, 5):
        yield builders.tick(at(second), uptime_s=float(second))
        yield builders.thermal(at(second), device="oven", hottest=60.0 if 120 <= second < 180 else 40.0)


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    monkeypatch.setattr(os, "nice", lambda by: by)
    (tmp_path / "watchpost.yaml").write_text(CONFIG)
    in_force = AlertRules(hot_spot_c=90, clear_after_s=10)
    return past_of(tmp_path / "data", [(event.time, event) for event in warm_minutes()], sites=(), in_force=in_force)


def what_if(monkeypatch: pytest.MonkeyPatch, past: Past, *arguments: str) -> int:
    config = str(past.data.parent / "watchpost.yaml")
    return run(monkeypatch, "what-if", "--config", config, "--data", str(past.data), *SPAN, *arguments)


def test_a_rule_is_tried(past: Past, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    code = what_if(monkeypatch, past, "--set", "hot_spot_c=55", "--site", "DEMO")

    assert code == 0
    assert capsys.readouterr().out == (
        "2026-01-05T10:00:00.000Z to 2026-01-05T10:10:00.000Z, DEMO: hot_spot_c 55\n"
        "241 events folded\n"
        "\n"
        "raised             1\n"
        "both               0\n"
        "only trial         1\n"
        "only live          0\n"
        "\n"
        "only in the trial:\n"
        "  2026-01-05T10:02:00.000Z  to 2026-01-05T10:03:30.000Z     hot_spot          DEMO/oven               "
        "  oven measures 60.0 °C\n"
    )


def test_everything_is_told_as_json_and_kept(
    past: Past, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = past.data.parent / "rules.yaml"
    rules.write_text("hot_spot_c: 55\ncool_down_s: 10\n")
    capsys.readouterr()
    code = what_if(monkeypatch, past, "--rules", str(rules), "--set", "cool_down_s=20", "--json")
    reported: dict[str, Any] = json.loads(capsys.readouterr().out)

    assert code == 0
    assert reported["rules"] == {"hot_spot_c": 55.0, "cool_down_s": 20.0}
    assert reported["rule_set"]["clear_after_s"] == 10.0
    assert (reported["by"], reported["product"], reported["state"]) == ("command line", VERSION, "done")
    assert [(one["type"], one["live"]) for one in reported["only_trial"]] == [("hot_spot", None)]
    assert [trial.asked.id for trial in files.trials(past.data)] == [reported["id"]]


def test_the_file_sets_temperatures_too(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = past.data.parent / "rules.yaml"
    rules.write_text("settings: {thermography: {hot_spot_min_area: 4}}\n")

    assert what_if(monkeypatch, past, "--rules", str(rules), "--analysis") == 0
    assert files.trials(past.data)[0].asked.settings == {"thermography": {"hot_spot_min_area": 4}}


def test_no_terminal_obeys_what_a_device_is_called(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    assert what_if(monkeypatch, past) == 0
    raised = RaisedAlert(
        id="1", type="hot_spot", site="DEMO", device="oven", opened=at(0), closed=None, level="warning",
        message="\x1b[2Joven measures 60.0 °C", details={},
    )  # fmt: skip
    trial = files.trials(past.data)[0]
    trial = trial.model_copy(
        update={"outcome": trial.outcome.model_copy(update={"counts": Counts(raised=1, only_trial=1)})}
    )
    *_, last = lines(trial, [("only_trial", raised)])
    assert last.isprintable()
    assert last.endswith("  [2Joven measures 60.0 °C")


def test_the_rules_in_force_are_those_that_the_journal_says_whatever_the_file_says_meanwhile(
    past: Past, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert what_if(monkeypatch, past) == 0
    assert "all sites: the rules in force\n241 events folded\n\nraised             0\n" in capsys.readouterr().out
    assert files.trials(past.data)[0].asked.rule_set["hot_spot_c"] == 90.0


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("hot_spot_c: 70\nhot_spt_c: 75\n", ":2: unknown key 'hot_spt_c' in the rules; did you mean 'hot_spot_c'?"),
        ("\nraise_share: 1.5\n", ":2: raise_share: should be less than or equal to 1; it is 1.5"),
        ("cool_down_s: soon\n", ":1: cool_down_s: should be a valid number, unable to parse string"),
        ("settings: {picture: {blak: 3}}\n", ":1: unknown key 'blak' in settings.picture"),
        ("hot_spot_c: 1\nhot_spot_c: 2\n", ":2: key 'hot_spot_c' is given twice"),
        ("storage_low_percent: 99\n", "storage_low_percent (99) must not be above storage_critical_percent (95)"),
        ("settings: {picture: {black_percentage: 3}}\n", "settings are those of an analysis: give --analysis as well"),
    ],
)
def test_a_mistake_in_the_rules_is_named(
    past: Past, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: str, said: str
) -> None:
    rules = past.data.parent / "rules.yaml"
    rules.write_text(file)

    assert what_if(monkeypatch, past, "--rules", str(rules)) == 2
    assert said in capsys.readouterr().err
    assert files.trials(past.data) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("hot_spt_c=3", "there is no rule 'hot_spt_c'; did you mean 'hot_spot_c'?"),
        ("hot_spot_c", "--set hot_spot_c: write it as NAME=NUMBER"),
        ("hot_spot_c=nan", "hot_spot_c is a number from -40 to 1000 °C, not 'nan'"),
    ],
)
def test_a_mistake_on_the_command_line_is_named(
    past: Past, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: str, said: str
) -> None:
    assert what_if(monkeypatch, past, "--set", given) == 2
    assert said in capsys.readouterr().err


def test_while_one_runs_another_is_refused(
    past: Past, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = past.asked()
    with closing(files.TrialLock(past.data, asked.id)):
        files.create(past.data, asked)
        code = what_if(monkeypatch, past)

    assert code == 2
    assert "the trial trial-001 is running; they run one at a time" in capsys.readouterr().err


@pytest.mark.processes
def test_a_trial_for_a_gateway_that_is_gone_is_interrupted(past: Past) -> None:
    asked = past.asked()
    lock = files.TrialLock(past.data, asked.id)
    run_trial = [sys.executable, "-m", "watchpost", "run-trial", "--lock", str(lock.fileno())]
    command = [*run_trial, "--data", str(past.data), asked.id]
    files.create(past.data, asked)
    read_end, write_end = os.pipe()
    with subprocess.Popen(command, stdin=read_end, pass_fds=(lock.fileno(),)) as child:
        lock.close()
        os.close(read_end)
        os.close(write_end)
        assert child.wait(30) == 0

    assert files.trial(past.data, asked.id)[0].state == "interrupted"


@pytest.mark.thorough
def test_a_trial_that_was_asked_for_is_run_until_it_is_done(past: Past) -> None:
    asked = past.asked(rules={"hot_spot_c": 55})
    read_end, write_end = os.pipe()
    lock = files.TrialLock(past.data, asked.id)
    files.create(past.data, asked)
    inherited = os.dup(lock.fileno())
    lock.close()
    run_asked(past.hub, asked.id, until=read_end, lock=inherited)
    assert files.running(past.data) is None
    os.close(write_end)

    assert files.trial(past.data, asked.id)[0].outcome.counts.only_trial == 1
