"""The commands that work on the log: what they take, what they refuse, and the code they end with."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consumers.store.journal.days import list_days
from consumers.store.journal.retention_floor import drop
from tests import command_line, data_directory, journal_days
from watchpost.cli_errors import CliError
from watchpost.commands import tools

pytestmark = pytest.mark.processes


@dataclass(frozen=True)
class Ended:
    """What a command came to, and what it has written."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Ended]


@pytest.fixture
def watchpost(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """A command line, in this process: one of its own for each of them would import everything again."""

    def run(*arguments: str) -> Ended:
        capsys.readouterr()
        code = command_line.run(monkeypatch, *arguments)
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("data")
    reported = data_directory.minutes(1)
    data_directory.write(directory, reported.events, reported.payloads, data_directory.NOTHING)
    data_directory.fold(directory, "health")
    return directory


def test_moments_are_of_utc_unless_they_say_otherwise() -> None:
    ten = datetime(2026, 1, 5, 10, tzinfo=UTC)

    assert tools.moment("2026-01-05T10:00") == ten
    assert tools.moment("2026-01-05T10:00Z") == ten
    assert tools.moment("2026-01-05T11:00+01:00") == ten
    with pytest.raises(CliError, match="'yesterday' is no moment"):
        tools.moment("yesterday")


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "1969-12-31T23:59Z", "9999-12-31"]
)
def test_moments_that_no_clock_of_an_event_may_say_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(CliError, match=re.escape(repr(text))):
        tools.moment(text)


@pytest.mark.parametrize(("text", "speed"), [("1", 1.0), ("2.5", 2.5), ("100", 100.0), ("max", None)])
def test_speeds_are_from_1_to_100_or_max(text: str, speed: float | None) -> None:
    assert tools.speed(text) == speed


@pytest.mark.parametrize("text", ["0", "0.5", "101", "nan", "fast", ""])
def test_other_speeds_are_refused(text: str) -> None:
    with pytest.raises(CliError, match="give a number from 1 to 100, or max"):
        tools.speed(text)


def test_ids_and_time_ranges_that_cannot_be_are_refused() -> None:
    with pytest.raises(CliError, match="is no id of a site"):
        tools.site_id("../x")
    with pytest.raises(CliError, match=r"ends .* before it begins"):
        tools.time_range("2026-01-05", "2026-01-05", None)


def test_verify_ends_with_0_where_all_is_well_and_with_1_where_not(watchpost: Command, data: Path) -> None:
    well = watchpost("verify", "--data", str(data))
    (pack,) = (data / "archive").glob("*/*/*/*/*.pack")
    whole = pack.read_bytes()
    pack.write_bytes(whole[:-10])
    cut = watchpost("verify", "media", "--data", str(data))
    pack.write_bytes(whole)

    assert (well.returncode, well.stderr) == (0, "")
    assert well.stdout.startswith("journal: 54 events in 3 streams, positions 1…54\n")
    assert "views: left out: those that no consumer has folded yet: " in well.stdout
    assert well.stdout.endswith("everything that can be compared is as it should be; left out is something of: views\n")
    assert cut.returncode == 1
    assert "media: DIFFERS: the pack DEMO/yard/thumbnail/2026-01-05/1000.pack is" in cut.stdout
    assert cut.stdout.endswith("something differs\n")


def test_what_cannot_be_done_is_said_in_a_sentence(watchpost: Command, data: Path, tmp_path: Path) -> None:
    empty = watchpost("verify", "--data", str(tmp_path))
    here = watchpost("replay", "--from", "2026-01-05", "--to", "2026-01-06", "--data", str(data))

    assert (empty.returncode, empty.stderr) == (
        2,
        f"there is no journal in {tmp_path}: name the data directory of a hub with --data\n",
    )
    assert here.returncode == 2
    assert here.stderr.startswith("this hub has all of these events")


@pytest.mark.thorough
@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_rebuild_is_gone_on_with(
    watchpost: Command, tmp_path: Path, signal_sent: signal.Signals
) -> None:
    journal_days.write_days(tmp_path, 2, 12)
    data_directory.fold(tmp_path, "alerting")
    command = ("rebuild", "alerting", "--data", str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, *command], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal_sent)
    _, said = process.communicate(timeout=60)
    again = watchpost(*command)
    restarted = watchpost(*command, "--restart")

    assert process.returncode == 2
    assert "the view alerting is as it was, and the next `watchpost rebuild alerting` goes on from there" in said
    assert again.returncode == 0
    assert again.stdout.startswith("went on at position 1,000, where an earlier rebuild was interrupted\n")
    assert again.stdout.endswith("alerting is folded again\n")
    assert restarted.stdout == "alerting is folded again\n"


# The real command; it waits for the signal after its first step, as a longer log would have it do.
INTERRUPTED = """
from consumers.engine.rebuild import whole
from watchpost import progress
from watchpost.commands import rebuilds
from watchpost.cli import main

stop_event = rebuilds.stop_event
events = []
whole.REBUILD_BATCH = 1000

def remembered():
    events.append(stop_event())
    return events[0]

def wait(self, done, of):
    if done:
        print("begun", flush=True)
        assert events[0].wait(30)

rebuilds.stop_event = remembered
progress.Bar.__call__ = wait
main()
"""


def test_a_part_of_a_view_is_folded_again_or_refused_in_a_sentence(watchpost: Command, data: Path) -> None:
    data_directory.fold(data, "temperatures")
    span = ("--site", "DEMO", "--since", "2026-01-05T10:00:10", "--until", "2026-01-05T10:00:20")
    done = watchpost("rebuild", "temperatures", *span, "--data", str(data))
    whole = watchpost("rebuild", "health", *span, "--data", str(data))
    lacking = watchpost("rebuild", "temperatures", "--site", "DEMO", "--data", str(data))
    rows = watchpost("rebuild", "warehouse", *span, "--data", str(data))
    unknown = watchpost("rebuild", "temperatures", "--site", "DEMMO", *span[2:], "--data", str(data))

    assert (unknown.returncode, unknown.stderr) == (2, "nothing was ever received of a site 'DEMMO'; there are DEMO\n")
    assert done.stdout == (
        "temperatures is folded again for DEMO from 2026-01-05T10:00:00.000Z to 2026-01-05T10:15:00.000Z: 7 rows\n"
    )
    assert (whole.returncode, whole.stderr) == (
        2,
        "health cannot be folded in part: what it says of one time depends on what came before."
        " Views that can be are audio, detections, motion, occupancy, readings, temperatures\n",
    )
    assert lacking.stderr == "a part of a view is given by --site, --since and --until, all three\n"
    assert rows.stderr.startswith("warehouse cannot be folded from here, nor in part")


def test_history_before_the_floor_is_lost_by_force_alone(watchpost: Command, tmp_path: Path) -> None:
    reported = journal_days.write_days(tmp_path, 4)
    data_directory.fold(tmp_path, "alerting", "temperatures")
    assert len(reported) == 4
    drop(tmp_path / "journal", list_days(tmp_path / "journal")[:2])
    kept = watchpost("rebuild", "temperatures", "--data", str(tmp_path))
    verified = watchpost("verify", "temperatures", "alerting", "--data", str(tmp_path))
    refused = watchpost("rebuild", "alerting", "--data", str(tmp_path))
    forced = watchpost("rebuild", "alerting", "--force", "--data", str(tmp_path))

    assert kept.stdout.startswith("carried over from before the floor of the journal: 6 rows of minutes")
    assert verified.returncode == 0
    assert (
        "alerting: equals the fold of the journal up to position 216\n"
        "alerting: left out: rows that may stem from before the floor of the journal, position 109\n"
        "alerting: left out: tables that begin before the floor: alert_state, alerts, conditions, incidents, nodes,"
        " watched, watched_hub\n"
    ) in verified.stdout
    assert verified.stdout.endswith(
        "everything that can be compared is as it should be; left out is something of: temperatures, alerting\n"
    )
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith(
        "the journal begins at position 109, for days were dropped: alerting folded from there would lose"
    )
    assert forced.returncode == 0
    assert "not in the new view: " in forced.stdout
    assert (tmp_path / "views" / "alerting.1.sqlite").exists()


def test_a_view_is_folded_again_and_a_log_goes_there_and_back(watchpost: Command, data: Path, tmp_path: Path) -> None:
    again = watchpost("rebuild", "health", "--data", str(data))
    file, copy = tmp_path / "log", tmp_path / "copy"
    span = ("--from", "2026-01-05", "--to", "2026-01-06")
    out = watchpost("export-log", str(file), *span, "--media", "--data", str(data))
    back = watchpost("import-log", str(file), "--data", str(copy))
    twice = watchpost("import-log", str(file), "--data", str(copy))

    assert again.stdout == "health is folded again\n"
    assert out.stdout.startswith(f"{file}: 54 events, 12 media, ")
    assert back.stdout == f"{copy}: 54 events, 12 media\n"
    assert (twice.returncode, twice.stderr.split(";")[0]) == (2, f"{copy} has a log of its own")
