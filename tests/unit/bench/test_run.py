from pathlib import Path

import pytest

from tests.bench.measure import Measurement
from tests.bench.run import Case, UnknownCase, cases, chosen, table

KNOWN = [Case("pictures", "freeze"), Case("pictures", "motion"), Case("warehouse", "dashboard_day")]


def test_cases_are_found_in_the_source_without_an_import(tmp_path: Path) -> None:
    (tmp_path / "pictures.py").write_text("import not_installed\n\ndef case_motion(): ...\n\ndef helper(): ...\n")

    assert cases(tmp_path) == [Case("pictures", "motion")]


@pytest.mark.parametrize(
    ("names", "expected"),
    [([], KNOWN), (["pictures"], KNOWN[:2]), (["dashboard_day"], KNOWN[2:]), (["pictures.motion"], KNOWN[1:2])],
)
def test_cases_are_chosen_by_module_by_name_or_by_both(names: list[str], expected: list[Case]) -> None:
    assert chosen(names, KNOWN) == expected


def test_a_case_that_nobody_knows_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UnknownCase, match=r"no benchmark is called sound; there are pictures\.freeze"):
        chosen(["sound"], KNOWN)


def test_a_table_tells_a_time_or_a_rate_with_its_limit_and_goal() -> None:
    time = Measurement("motion", 0.4, 0.6, 300, "one frame", goal_ms=0.5)
    rate = Measurement("rows", 50.0, 60.0, 20, "insert", items=10_000, goal_per_s=300_000, limit="alone", limit_ms=25.0)

    assert [line.split() for line in table([time, rate]).splitlines()[1:]] == [
        ["motion", "0.400", "0.600", "≤", "0.5", "ms", "yes", "one", "frame"],
        ["rows", "50.000", "60.000", "200,000", "400,000/s", "alone", "≥", "300,000/s", "no", "insert"],
    ]


def test_a_detector_is_told_by_how_often_it_is_right() -> None:
    right = Measurement("black", 1.0, 1.0, 1, "all", precision=1.0, recall=0.975, goal_share=0.98)

    assert table([right]).splitlines()[1].split() == [
        "black", "≥", "0.98", "no", "precision", "1.0000,", "recall", "0.9750;", "all"
    ]  # fmt: skip


def test_what_takes_memory_is_told_in_megabytes_alone() -> None:
    hub = Measurement("memory of the hub", 0, 0, 1, "all", peak_mb=712.4, goal_mb=700)

    assert [line.split() for line in table([hub]).splitlines()[1:]] == [
        ["memory", "of", "the", "hub", "712", "≤", "700", "MB", "no", "all"]
    ]
