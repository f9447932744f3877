"""The versions of an agent's configuration, as a terminal shows them."""

from typing import Any

from watchpost.commands.agent_versions import version_lines

AGENT = {"node": "pi-1", "in_force": {"version": 3}, "wanted": {"version": 4}}


def version(number: int, **more: Any) -> dict[str, Any]:
    known = {"by": "ada", "time": "2026-01-05T10:00:00.123Z", "reason": None, "outcome": None, "devices": ["YARD/GATE"]}
    return {"version": number, **known, "changes": [], "changes_left_out": 0, **more}


def outcome(state: str, reason: str | None = None) -> dict[str, Any]:
    return {"state": state, "time": "2026-01-05T10:01:00.000Z", "reason": reason}


def first_line(one: dict[str, Any]) -> str:
    return next(version_lines(one, AGENT))


def test_a_version_says_who_wanted_it_when_and_what_became_of_it() -> None:
    assert first_line(version(3, outcome=outcome("applied"))) == ("Version 3  2026-01-05 10:00:00 UTC by ada: in force")
    assert first_line(version(4)).endswith(": on its way")
    assert first_line(version(2, outcome=outcome("applied"))).endswith(": was in force")
    assert first_line(version(1, by=None)) == "Version 1  2026-01-05 10:00:00 UTC: never ran"


def test_values_that_changed_have_a_line_each() -> None:
    changes = [
        {"path": "sites.YARD.devices.GATE.rates.thermal_fps", "before": "2", "after": "8"},
        {"path": "link.bytes_per_s", "before": None, "after": "50000"},
        {"path": "sites.YARD.devices.LAMP", "before": '"LAMP"', "after": None},
    ]

    assert list(version_lines(version(4, changes=changes, changes_left_out=7), AGENT))[1:] == [
        "    sites.YARD.devices.GATE.rates.thermal_fps: 2 -> 8",
        "    link.bytes_per_s: 50000, new",
        '    sites.YARD.devices.LAMP: "LAMP", gone',
        "    and 7 more",
    ]


def test_a_reason_cannot_command_the_terminal() -> None:
    refused = version(2, reason="faster\x1b[2J", outcome=outcome("refused", "no picture\x07 of GATE"))

    lines = list(version_lines(refused, AGENT))

    assert lines[0].endswith(": not taken")
    assert lines[1:] == ["  faster [2J", "  not taken: no picture  of GATE", "    as the version before"]
