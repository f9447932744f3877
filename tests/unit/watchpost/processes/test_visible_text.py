"""What devices say of themselves stands in the log as text: no terminal carries it out, no line looks like another."""

import io
import json
import sys
import threading
from pathlib import Path

import pytest
import structlog

from tests.builders import START
from watchpost.processes.logs import ChildLog, configure

CLEARS = "\x1b[2J\x1b]0;title\x07\x9b31m"
REVERSES = "\u202egnp.exe"
FORGED = "ok\n    hub error everything is lost"


def test_a_line_of_a_process_is_one_line_on_a_terminal(tmp_path: Path) -> None:
    stream = io.StringIO()
    log = ChildLog(tmp_path / "hub.log", stream, "text", lambda: START)
    for text in (json.dumps({"event": CLEARS, "reason": REVERSES, "level": "info"}), json.dumps({"event": FORGED})):
        log.line("ingest", text)
    log.line("broker", f"New client as {CLEARS}")
    log.close()
    shown = stream.getvalue()

    assert len(shown.splitlines()) == 3
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert r"\x1b[2J" in shown
    assert r"\u202egnp.exe" in shown
    assert r"ok\n" in shown


def test_a_process_of_its_own_shows_no_control_character_either(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sys, threading):
        monkeypatch.setattr(module, "excepthook", module.excepthook)
    stream = io.StringIO()
    configure("text", stream)
    try:
        try:
            raise ValueError(CLEARS)
        except ValueError:
            structlog.get_logger().error(FORGED, reason=CLEARS, exc_info=True)
    finally:
        structlog.reset_defaults()
    shown = stream.getvalue()

    assert all(character.isprintable() or character == "\n" for character in shown)
    assert "Traceback (most recent call last):" in shown.splitlines()[1]
    assert "hub error" not in shown.splitlines()[1]
