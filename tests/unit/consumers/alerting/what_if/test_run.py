"""A trial against what was live: the same rules raise the same, others do not, and nothing live is touched."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bus_schemas.event import Event, iso
from consumers.alerting.rules import RULE_VERSION
from consumers.alerting.what_if import files
from consumers.alerting.what_if.run import TrialInterrupted
from consumers.engine import view_files
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.store import JournalAway
from tests import builders
from tests.builders import at
from tests.contract.story import MINUTES, story
from tests.examples import examples
from tests.memory_journal import MemoryJournal
from tests.trial_hub import Past, past_of


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    reported = story()
    return past_of(
        tmp_path_factory.mktemp("story"),
        [(at(second), event) for second, event in reported.in_order()],
        reported.payloads,
    )


spans = st.tuples(st.integers(0, MINUTES * 60), st.integers(1, MINUTES * 60)).map(
    lambda pair: (at(pair[0]), at(pair[0] + pair[1]))
)


@pytest.mark.thorough
@examples(6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(span=spans)
def test_the_rules_in_force_raise_exactly_what_was_raised_live(past: Past, span: tuple[datetime, datetime]) -> None:
    trial, found = past.run(past.asked(*span))

    live = past.live(*span)
    assert sorted((iso(alert.opened), alert.id) for _, alert in found) == live
    assert {kind for kind, _ in found} <= {"both"}
    assert trial.outcome.counts.raised == trial.outcome.counts.both == len(live)


@pytest.mark.thorough
@examples(6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(span=spans, run_in=st.integers(60, 900))
def test_what_was_the_case_before_the_run_in_is_known(past: Past, span: tuple[datetime, datetime], run_in: int) -> None:
    _, found = past.run(past.asked(*span), timedelta(seconds=run_in))

    assert {kind for kind, _ in found} <= {"both"}
    assert sorted((iso(alert.opened), alert.id) for _, alert in found) == past.live(*span)


def test_the_whole_story_holds_every_kind_of_trouble(past: Past) -> None:
    _, found = past.run(past.asked())

    assert {alert.type for _, alert in found} == {
        "device_offline", "node_offline", "device_degraded", "freeze", "hot_spot", "storage_low",
    }  # fmt: skip


def test_a_lower_threshold_raises_more(past: Past) -> None:
    trial, found = past.run(
        past.asked(rules={"hot_spot_c": 40.7, "hot_spot_hysteresis_c": 0, "hot_spot_clear_s": 5, "cool_down_s": 0})
    )

    assert trial.outcome.counts.only_trial > 3
    assert {alert.type for kind, alert in found if kind == "only_trial"} == {"hot_spot"}


def test_a_longer_cool_down_tells_less(past: Past) -> None:
    often = {"hot_spot_c": 40.7, "hot_spot_hysteresis_c": 0, "hot_spot_clear_s": 5}
    trial, _ = past.run(past.asked(rules={**often, "cool_down_s": 0}))
    calmer, _ = past.run(past.asked(rules={**often, "cool_down_s": 3600}))

    assert calmer.outcome.counts.raised < trial.outcome.counts.raised


def test_nothing_live_is_touched(past: Past) -> None:
    before = past.contents()
    past.run(past.asked(rules={"hot_spot_c": 41}))

    assert past.contents() == before


def test_a_trial_has_no_outbox(past: Past) -> None:
    trial, _ = past.run(past.asked())

    with closing(files.connect(files.find(past.data, trial.asked.id))) as view:
        tables = {name for (name,) in view.execute("select name from sqlite_master where type = 'table'")}
    assert not [name for name in tables if name.startswith("outbox")]
    assert tables > {"trial", "raised", "findings", "incidents", "alerts"}


def test_what_was_read_is_told_with_the_result(past: Past) -> None:
    trial, _ = past.run(past.asked(at(600), at(1200), rules={"clear_after_s": 7}))

    with closing(SqliteJournalReader(past.data / "journal")) as journal:
        assert (trial.outcome.journal, trial.outcome.first, trial.outcome.last) == (
            journal.journal_id(),
            1,
            journal.head(),
        )
    assert trial.asked.rule_set["clear_after_s"] == 7.0
    assert (trial.asked.by, trial.asked.product, trial.asked.rule_version) == ("ada", "test", RULE_VERSION)
    assert trial.outcome.events > 1000


def test_a_site_alone_is_compared_with_itself(tmp_path: Path) -> None:
    def both_sites() -> Iterator[Event]:
        for second in range(0, 300, 5):
            yield builders.tick(at(second), uptime_s=float(second), system={"disk_percent": 97})
            for site in ("DEMO", "OTHER"):
                yield builders.thermal(at(second), site=site, device="oven", hottest=90.0 if second > 100 else 30.0)

    past = past_of(tmp_path, [(event.time, event) for event in both_sites()])
    _, found = past.run(past.asked(site="OTHER"))
    _, everything = past.run(past.asked())

    assert [(kind, alert.type, alert.site) for kind, alert in found] == [("both", "hot_spot", "OTHER")]
    assert {alert.site for _, alert in everything} == {"DEMO", "OTHER", "_hub"}


def test_a_cancelled_trial_stays_to_be_seen(past: Past) -> None:
    asked = past.asked()
    reported: list[str | None] = []

    def cancel(done: int, of: int) -> None:
        reported.append(files.cancel_or_remove(past.data, asked.id))

    trial, found = past.run(asked, progress=cancel)

    assert reported == ["cancelled"]
    assert (trial.state, found) == ("cancelled", [])
    assert 0 < trial.progress < 1


def test_a_trial_whose_process_ends_is_interrupted_and_another_may_begin(past: Past) -> None:
    asked = past.asked()
    seen: list[str] = []

    def stop(done: int, of: int) -> None:
        seen.extend(trial.state for trial in files.trials(past.data) if trial.asked.id == asked.id)
        past.stopping.set()

    with pytest.raises(TrialInterrupted):
        past.run(asked, progress=stop)
    past.stopping.clear()

    assert seen == ["running"]
    assert files.trial(past.data, asked.id)[0].state == "interrupted"
    assert past.run(past.asked())[0].state == "done"


def test_a_second_trial_is_refused_while_one_runs(past: Past) -> None:
    refused: list[str] = []

    def another(done: int, of: int) -> None:
        with pytest.raises(files.TrialRunning) as error:
            files.TrialLock(past.data, "another")
        refused.append(str(error.value))

    trial, _ = past.run(past.asked(), progress=another)

    assert set(refused) == {f"the trial {trial.asked.id} is running; they run one at a time"}
    assert trial.state == "done"


def test_an_analysis_that_fails_is_told_with_its_reason(past: Past) -> None:
    class Broken:
        version = "broken 1"

        def concerns(self, event: Event) -> bool:
            return True

        def analyse(self, event: Event) -> None:
            raise ZeroDivisionError("of a test")

    trial, found = past.run(past.asked(), analysis=Broken())

    assert (trial.state, trial.outcome.error, found) == ("failed", "ZeroDivisionError: of a test", [])


def test_a_stretch_of_which_nothing_is_known_raises_nothing(past: Past) -> None:
    trial, found = past.run(past.asked(at(-90_000), at(-80_000)))

    assert (trial.state, trial.outcome.events, found) == ("done", 0, [])


def test_the_oldest_trials_go(tmp_path: Path) -> None:
    past = past_of(tmp_path, [(at(0), builders.tick(at(0)))])
    for _ in range(files.KEPT + 3):
        past.run(past.asked())

    kept = [trial.asked.id for trial in files.trials(tmp_path)]
    assert kept == [f"trial-{number:03d}" for number in range(files.KEPT + 3, 3, -1)]
    assert {path.name.partition(".")[0] for path in (tmp_path / "trials").iterdir()} == {"running", *kept}


def test_trials_that_take_too_many_bytes_go_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    past = past_of(tmp_path, [(at(0), builders.tick(at(0)))])
    past.run(past.asked())
    past.run(past.asked())
    monkeypatch.setattr(files, "KEPT_BYTES", files.find(tmp_path, "trial-002").stat().st_size)
    past.run(past.asked())

    assert [trial.asked.id for trial in files.trials(tmp_path)] == ["trial-003", "trial-002"]


def test_while_a_live_view_is_folded_again_a_trial_fails_with_that_reason(tmp_path: Path) -> None:
    past = past_of(tmp_path, [(at(0), builders.tick(at(0)))])
    file = view_files.file_of(tmp_path, "alerting")
    assert file is not None
    with closing(view_files.connect(file)) as view:
        view.execute("update checkpoint set version = version - 1")
    trial, _ = past.run(past.asked())

    assert trial.state == "failed"
    assert trial.outcome.error is not None
    assert trial.outcome.error.startswith(
        "BeingRebuilt: the view 'alerting' is folded again, for it was made by version"
    )


def test_a_journal_that_is_away_is_told_as_the_reason(past: Past) -> None:
    class Away(MemoryJournal):
        def head(self) -> int:
            raise JournalAway("the server of the journal does not answer")

    trial, _ = past.run(past.asked(), journal=Away())

    assert (trial.state, trial.outcome.error) == (
        "failed",
        "JournalAway: the server of the journal does not answer",
    )


def test_what_a_mute_withheld_is_withheld_in_a_trial_too(tmp_path: Path) -> None:
    frozen = [builders.frame(at(second), freeze=True) for second in range(700, 760)]
    muted = builders.mute(at(0), start=iso(at(600)), end=iso(at(2000)))
    past = past_of(tmp_path, [(event.time, event) for event in (muted, *frozen)])

    before_and_in_it, _ = past.run(past.asked(at(650), at(900)), timedelta(seconds=30))
    whole, _ = past.run(past.asked())

    assert [trial.outcome.counts.raised for trial in (before_and_in_it, whole)] == [0, 0]
    assert past.live(at(0), at(2000)) == []
