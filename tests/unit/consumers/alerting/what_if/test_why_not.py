"""Why there was no incident: what each rule saw of a device around a moment, and what was missing."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from bus_schemas.event import Event
from consumers.alerting.rules import AlertRules
from consumers.alerting.terms import Terms
from consumers.alerting.what_if import why_not
from consumers.alerting.what_if.rule_readings import RuleReading
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.reader import SqliteJournalReader
from tests.builders import at, frame, health, heartbeat, sensor, thermal, tick
from tests.trial_hub import past_of

YARD = ("DEMO", "yard")


def explained(
    directory: Path, events: Sequence[Event], moment: datetime, rules: AlertRules | None = None
) -> dict[str, RuleReading]:
    received = [(event.time, event) for event in sorted(events, key=lambda event: event.time)]
    return explained_of(directory, received, moment, rules)


def explained_of(
    directory: Path, received: Sequence[tuple[datetime, Event]], moment: datetime, rules: AlertRules | None = None
) -> dict[str, RuleReading]:
    past_of(directory, received)
    journal = directory / "journal"
    with closing(SqliteJournalReader(journal)) as reader, closing(JournalQueries(journal)) as queries:
        past = why_not.Past(directory, reader, queries.position_at, at(3600))
        found = why_not.explain(past, YARD, moment, Terms(rules or AlertRules()))
    return {one.rule: one for one in found.readings}


def black(start: int, end: int, until: int) -> list[Event]:
    return [frame(at(second), blackscreen=start <= second < end) for second in range(until)]


def test_a_picture_that_was_black_for_too_short_a_time_says_for_how_long_and_what_is_needed(tmp_path: Path) -> None:
    found = explained(tmp_path, black(60, 72, 120), at(65))["blackscreen"]

    assert found.outcome == "not_met"
    assert found.missing == "Black for 12 s of 30 s; 24 s are needed."
    assert found.seen["share"] == pytest.approx(0.4, abs=0.02)
    assert found.sentence.startswith("At least 80 % of the frames of 30 s were black.")
    assert found.nearest is not None
    assert at(71) <= found.nearest <= at(95)


def test_other_rules_say_what_they_needed_by_the_values_that_were_in_force(tmp_path: Path) -> None:
    found = explained(tmp_path, black(60, 72, 120), at(65), AlertRules(raise_share=0.5, raise_window_s=40))

    assert found["blackscreen"].missing == "Black for 12 s of 40 s; 20 s are needed."


def test_sound_that_failed_with_the_picture_is_part_of_that_incident(tmp_path: Path) -> None:
    lost = [frame(at(second), blackscreen=second >= 60, audio=second < 60) for second in range(120)]

    found = explained(tmp_path, lost, at(95))["audio_loss"]

    assert (found.outcome, found.seen["share"]) == ("not_met", 1.0)
    assert found.missing == "It failed together with the picture: one cause, and one incident, that of the picture."


def test_where_an_incident_was_open_nothing_was_missing(tmp_path: Path) -> None:
    found = explained(tmp_path, black(60, 100, 120), at(95))["blackscreen"]

    assert (found.outcome, found.missing) == ("open", None)


def test_pictures_that_began_a_moment_ago_are_too_few_to_judge(tmp_path: Path) -> None:
    found = explained(tmp_path, black(0, 20, 20), at(10))["blackscreen"]

    assert found.missing == "Black for 19 s, of which there were only 19 s to judge; 30 s are needed."


def test_a_fault_behind_another_says_what_came_first(tmp_path: Path) -> None:
    both = [frame(at(second), blackscreen=True, freeze=True) for second in range(60)]
    found = explained(tmp_path, both, at(20))["freeze"]

    assert found.outcome == "not_met"
    assert found.missing == "Not judged: the picture was black, and of its faults the first counts."


def test_what_nobody_could_judge_is_unknown_and_what_was_well_says_so(tmp_path: Path) -> None:
    well = [frame(at(second), audio=None) for second in range(60)]
    found = explained(tmp_path, [*well, health(at(20)), heartbeat(at(21), device="yard")], at(30))

    assert (found["audio_loss"].outcome, found["audio_loss"].missing) == ("unknown", "No sound could be judged.")
    assert found["freeze"].missing == "No picture was frozen."
    assert found["hot_spot"].missing == "Nothing was measured."
    assert found["stale"].missing == "It reported healthy."
    assert (found["storage"].outcome, found["clock"].outcome) == ("unknown", "not_met")


def test_what_was_received_long_after_the_moment_counts(tmp_path: Path) -> None:
    late = [(at(1000 + number), event) for number, event in enumerate(black(60, 72, 120))]
    found = explained_of(tmp_path, [(at(0), health(at(0))), *late], at(65))["blackscreen"]

    assert found.missing == "Black for 12 s of 30 s; 24 s are needed."


def test_heat_says_the_hottest_and_the_limits(tmp_path: Path) -> None:
    warm = [thermal(at(second), hottest=61.2 if second == 40 else 40.0) for second in range(60)]
    rules = explained(tmp_path, warm, at(35))
    found = rules["hot_spot"]

    assert rules["temperature_rise"].missing == "No region was beyond a limit of it."
    assert rules["sensor_frozen"].missing == "The sensor reported nothing of it."
    assert found.missing == "The hottest was 61.2 °C; 80 °C are needed."
    assert found.nearest == at(40)


def test_silence_says_how_long_it_was(tmp_path: Path) -> None:
    ticks = [tick(at(second)) for second in range(0, 120, 5)]
    sent = [health(at(0)), *(heartbeat(at(second), device="yard") for second in (10, 20, 38, 48, 58, 68, 78))]
    found = explained(tmp_path, [*ticks, *sent], at(40))["offline"]

    assert (found.outcome, found.missing) == ("not_met", "The longest silence was 18 s; 30 s are needed.")
    assert found.seen == {"silence_s": 18.0}


@pytest.mark.parametrize("moment", [70, 120, 1500])
def test_a_device_that_was_silent_was_offline_from_before_its_incident_until_long_after(
    tmp_path: Path, moment: int
) -> None:
    ticks = [tick(at(second)) for second in range(0, 1600, 5)]
    sent = [heartbeat(at(second), device="yard") for second in range(0, 60, 10)]
    found = explained(tmp_path, [*ticks, health(at(0)), *sent], at(moment))["offline"]

    assert (found.outcome, found.missing) == ("open", None)


def beat(second: int, memory: float) -> Event:
    return heartbeat(at(second), device="yard", system={"memory_percent": memory})


@pytest.mark.parametrize(
    ("highest", "lasts_s", "missing"),
    [
        (91.0, 30, "The machine used 91.0 % of its memory; 95.0 % for 60 s are needed."),
        (97.0, 30, "The machine used 97.0 % of its memory, and reached the limit for 20 s; 60 s are needed."),
        (97.0, 90, None),
    ],
)
def test_a_machine_says_its_highest_values_and_what_they_lacked(
    tmp_path: Path, highest: float, lasts_s: int, missing: str | None
) -> None:
    beats = [beat(second, highest if 100 <= second < 100 + lasts_s else 40.0) for second in range(0, 240, 10)]
    found = explained(tmp_path, beats, at(170 if lasts_s > 60 else 120))

    assert found["memory"].missing == missing
    assert (found["cpu_hot"].outcome, found["link_slow"].outcome) == ("unknown", "unknown")


def test_a_fault_that_a_sensor_reported_for_a_moment_says_for_how_long(tmp_path: Path) -> None:
    stands_still = {"fault": "sensor_frozen", "since": at(30), "value": 8.0, "limit": 5.0}
    reported = [sensor(at(34), faults=(stands_still,)), sensor(at(36))]
    found = explained(tmp_path, [*(thermal(at(second)) for second in range(60)), *reported], at(40))

    assert found["sensor_frozen"].missing == "The sensor reported it for 6 s; 10 s are needed."
    assert found["sensor_chessboard"].missing == "The sensor reported nothing of it."
