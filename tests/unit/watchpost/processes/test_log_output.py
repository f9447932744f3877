"""Streams of log lines whose reader does not read."""

import json
import os
from collections.abc import Iterator

import pytest

from watchpost.processes.log_output import LogStream

LINES = 3_000


@pytest.fixture
def pipe() -> Iterator[tuple[int, LogStream]]:
    """The end to read, and a stream at the other."""
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w") as writer:
        yield ours, LogStream(writer)
    os.close(ours)


def read(descriptor: int) -> list[str]:
    os.set_blocking(descriptor, False)
    found = b""
    try:
        while part := os.read(descriptor, 65_536):
            found += part
    except BlockingIOError:
        pass
    return found.decode().splitlines()


@pytest.mark.parametrize("length", [20, 700, 9_000])
def test_nobody_waits_for_a_reader_and_whoever_reads_later_is_told_how_many_lines_are_missing(
    pipe: tuple[int, LogStream], length: int
) -> None:
    ours, stream = pipe
    lines = [f"{number:05d} {'x' * length}" for number in range(LINES)]
    for line in lines:
        stream.write(line)
        stream.write("\n")
    before = read(ours)
    stream.write("at last\n")
    notice, last = [line for line in read(ours) if line and not line.endswith("x")]

    whole = [line for line in before if line in set(lines)]
    assert whole == lines[: len(whole)]
    assert 0 < len(whole) < LINES
    assert notice == f"{LINES - len(whole)} lines of the log are missing here: nobody read them"
    assert last == "at last"


def test_what_is_missing_among_lines_of_json_is_told_as_json(pipe: tuple[int, LogStream]) -> None:
    ours, stream = pipe
    for number in range(LINES):
        stream.write(json.dumps({"event": "x" * 100, "number": number}) + "\n")
    read(ours)
    stream.write('{"event": "at last"}\n')
    *_, notice, last = read(ours)

    assert json.loads(notice)["level"] == "warning"
    assert json.loads(last) == {"event": "at last"}


def test_a_reader_that_is_gone_ends_nobody(pipe: tuple[int, LogStream]) -> None:
    ours, stream = pipe
    other, theirs = os.pipe()
    with os.fdopen(theirs, "w") as writer:
        gone = LogStream(writer)
        os.close(other)
        for _ in range(LINES):
            gone.write("to nobody\n")
    stream.write("still here\n")

    assert read(ours) == ["still here"]
