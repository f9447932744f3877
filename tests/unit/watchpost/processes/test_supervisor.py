"""What keeps children running, with tiny real ones."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually
from watchpost.processes.child import RESTART, exit_text
from watchpost.processes.launching import IF_CHILD_OF
from watchpost.processes.process_spec import ProcessPriority, ProcessSpec
from watchpost.processes.process_state import ProcessState, write_states
from watchpost.processes.supervisor import Supervisor

pytestmark = pytest.mark.processes

SLEEPER = "import time; print('here', flush=True); time.sleep(60)"
FASTER = 50
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
)


def python(name: str, code: str, stage: int = 0, start_when: Callable[[], bool] | None = None) -> ProcessSpec:
    return ProcessSpec(name, (sys.executable, "-c", code), stage=stage, start_when=start_when)


class Watched:
    """A supervisor in the main thread, and a helper thread that acts on it and then stops it."""

    def __init__(self, processes: Sequence[ProcessSpec], speed: float = FASTER) -> None:
        self.lines: list[tuple[str, str]] = []
        self.states: list[list[ProcessState]] = []
        self._supervisor = Supervisor(
            processes,
            on_line=lambda *line: self.lines.append(line),
            on_state=self._note,
            # A fast clock: the seconds of patience and backoff are over in hundredths.
            monotonic=lambda: time.monotonic() * speed,
        )
        self._failure: AssertionError | None = None
        self._thread = threading.get_ident()

    def _note(self, states: Sequence[ProcessState]) -> None:
        """What has not changed is reported again and again."""
        if not self.states or self.states[-1] != list(states):
            self.states.append(list(states))

    def now(self, name: str) -> ProcessState:
        return next(state for state in self.states[-1] if state.name == name)

    def during(self, act: Callable[[], object], stops: Sequence[signal.Signals] = (signal.SIGTERM,)) -> None:
        helper = threading.Thread(target=self._act, args=(act, stops))
        helper.start()
        self._supervisor.run()
        helper.join()
        if self._failure:
            raise self._failure

    def _act(self, act: Callable[[], object], stops: Sequence[signal.Signals]) -> None:
        try:
            act()
        except AssertionError as failure:
            self._failure = failure
        for number in stops:
            # To its thread: a second one that finds the first pending may go to a thread that a command of another test
            # left behind, which waits for it too.
            signal.pthread_kill(self._thread, number)

    def wait_for_line(self, name: str, text: str, times: int = 1) -> None:
        eventually(lambda: self.lines.count((name, text)) >= times, what=f"{name} saying {text!r} {times} times")


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.2), (2, 0.4), (3, 0.8), (4, 1.6), (8, 25.6), (9, 30.0), (500, 30.0)]
)
def test_the_backoff_doubles_up_to_half_a_minute(failures: int, seconds: float) -> None:
    assert RESTART.after(failures, lambda: 0.0) == seconds


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (0, "exit code 0 after 1.5 s"),
        (-9, "killed by SIGKILL after 1.5 s"),
        (-35, "killed by signal 35 after 1.5 s"),
    ],
)
def test_an_exit_is_told_in_words(code: int, text: str) -> None:
    assert exit_text(code, 1.5) == text


def test_who_dies_is_started_again_alone() -> None:
    watched = Watched([python("a", SLEEPER), python("b", SLEEPER)])
    killed: list[int] = []

    def kill_a() -> None:
        watched.wait_for_line("a", "here")
        watched.wait_for_line("b", "here")
        killed.extend(state.pid for state in watched.states[-1] if state.pid)
        os.kill(killed[0], signal.SIGKILL)
        watched.wait_for_line("a", "here", times=2)
        killed.extend(state.pid for state in watched.states[-1] if state.pid)

    watched.during(kill_a)
    first_a, first_b, second_a, second_b = killed
    assert first_a != second_a
    assert first_b == second_b
    assert watched.now("a").restarts == 1
    assert watched.now("b").restarts == 0
    assert any(state[0].state == "restarting" and "SIGKILL" in str(state[0].last_exit) for state in watched.states)


@contextmanager
def no_more_descriptors() -> Iterator[None]:
    """This process may open no more files, pipes or sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_cannot_be_started_again_is_tried_until_it_can_and_costs_nobody_else() -> None:
    watched = Watched([python("a", SLEEPER), python("b", SLEEPER)])

    def kill_a_where_nothing_can_be_started() -> None:
        watched.wait_for_line("a", "here")
        watched.wait_for_line("b", "here")
        with no_more_descriptors():
            os.kill(watched.now("a").pid or 0, signal.SIGKILL)
            eventually(lambda: "cannot be started" in str(watched.now("a").last_exit))
        watched.wait_for_line("a", "here", times=2)

    watched.during(kill_a_where_nothing_can_be_started)
    assert watched.now("b").restarts == 0
    assert any(name == "a" and "Too many open files" in line for name, line in watched.lines)


def test_last_words_without_a_newline_are_heard() -> None:
    watched = Watched([python("a", "import sys; sys.stderr.write('one\\ntwo'); sys.exit(3)")])

    watched.during(lambda: watched.wait_for_line("a", "two"))

    assert watched.lines[:2] == [("a", "one"), ("a", "two")]
    assert str(watched.now("a").last_exit).startswith("exit code 3 after")


@pytest.mark.parametrize(("code", "is_reported"), [(2, True), (3, True), (1, False)])
def test_why_a_child_refuses_to_run_is_part_of_its_state(code: int, is_reported: bool) -> None:
    watched = Watched([python("a", f"print('already'); print('somebody else is there'); raise SystemExit({code})")])

    watched.during(lambda: watched.wait_for_line("a", "somebody else is there", times=2))

    # Of its first life; the second may just have been told to end.
    last_exit = next(str(state.last_exit) for states in watched.states for state in states if state.last_exit)
    assert last_exit.startswith(f"exit code {code} after")
    assert last_exit.endswith(" s: somebody else is there") is is_reported


def test_a_child_that_closes_its_output_lives_on() -> None:
    watched = Watched(
        [python("a", "import os, time; print('bye', flush=True); os.close(1); os.close(2); time.sleep(60)")]
    )

    watched.during(lambda: watched.wait_for_line("a", "bye"))

    assert [state[0].state for state in watched.states] == ["stopped", "running", "stopped"]


def test_nobody_is_started_before_what_it_waits_for() -> None:
    there = threading.Event()
    watched = Watched([python("first", SLEEPER), python("second", SLEEPER, start_when=there.is_set)])

    def open_the_gate() -> None:
        watched.wait_for_line("first", "here")
        assert watched.now("second").state == "stopped"
        there.set()
        watched.wait_for_line("second", "here")

    watched.during(open_the_gate)


def test_the_highest_stage_is_stopped_first() -> None:
    code = (
        "import signal, sys\n"
        "def stop(*_):\n    print('stopping', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, stop)\nprint('here', flush=True)\nsignal.pause()"
    )
    watched = Watched([python("broker", code, 0), python("edge", code, 2), python("gateway", code, 1)], speed=1)

    def until_all_are_here() -> None:
        for name in ("broker", "edge", "gateway"):
            watched.wait_for_line(name, "here")

    watched.during(until_all_are_here)
    assert [name for name, text in watched.lines if text == "stopping"] == ["edge", "gateway", "broker"]


def test_who_asks_twice_does_not_wait_for_a_stubborn_child() -> None:
    watched = Watched([python("a", STUBBORN)], speed=0)

    watched.during(lambda: watched.wait_for_line("a", "here"), stops=(signal.SIGINT, signal.SIGTERM))

    assert "SIGKILL" in str(watched.now("a").last_exit)


def test_who_ignores_sigterm_is_killed() -> None:
    watched = Watched([python("a", STUBBORN)])

    watched.during(lambda: watched.wait_for_line("a", "here"))

    assert "SIGKILL" in str(watched.now("a").last_exit)


def test_the_state_file_is_whole_at_every_moment(tmp_path: Path) -> None:
    path = tmp_path / "run" / "processes.json"
    watched = Watched([python("a", SLEEPER)])

    watched.during(lambda: watched.wait_for_line("a", "here"))
    write_states(path, watched.states[1])

    state = json.loads(path.read_text())["processes"][0]
    assert {**state, "pid": 1, "since": ""} == {
        "name": "a",
        "pid": 1,
        "state": "running",
        "restarts": 0,
        "since": "",
        "last_exit": None,
    }
    assert state["since"].endswith("Z")
    assert not path.with_suffix(".tmp").exists()


def is_dead(pid: int) -> bool:
    """Gone, or a zombie that nobody has waited for yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A supervisor in a process of its own, and the pid of its one child, which ignores SIGTERM."""
    program = (
        "import sys\n"
        "from watchpost.processes.process_spec import ProcessSpec\n"
        "from watchpost.processes.supervisor import Supervisor\n"
        f"child = ProcessSpec('a', (sys.executable, '-c', {STUBBORN!r}))\n"
        "say = lambda states: print(states[0].pid, flush=True)\n"
        "Supervisor([child], lambda *_: print('said', flush=True), say).run()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "None\n"
        pid = int(supervisor.stdout.readline())
        assert supervisor.stdout.readline() == "said\n"
        yield supervisor, pid
        supervisor.kill()


def test_children_die_with_a_supervisor_that_is_killed(supervised: tuple[subprocess.Popen[str], int]) -> None:
    supervisor, pid = supervised

    supervisor.kill()

    eventually(lambda: is_dead(pid), what="the child's death")


def test_children_run_as_urgently_as_they_are_meant_to() -> None:
    code = "import os, time; print(os.sched_getscheduler(0), os.nice(0), flush=True); time.sleep(60)"
    urgent = python("urgent", code)
    gateway = replace(urgent, name="gateway", priority=ProcessPriority.INTERACTIVE)
    watched = Watched([urgent, gateway, replace(urgent, name="patient", priority=ProcessPriority.BATCH)])
    usual = os.nice(0)

    def wait_for_both() -> None:
        watched.wait_for_line("urgent", f"{os.SCHED_OTHER} {usual}")
        watched.wait_for_line("gateway", f"{os.SCHED_OTHER} {min(19, usual + 5)}")
        watched.wait_for_line("patient", f"{os.SCHED_BATCH} {min(19, usual + 10)}")

    watched.during(wait_for_both)


def test_a_state_that_cannot_be_written_ends_nobody_and_is_written_later() -> None:
    lines: list[str] = []
    written: list[list[ProcessState]] = []
    failures = iter([True] * 3)

    def write(states: Sequence[ProcessState]) -> None:
        if next(failures, False):
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(list(states))

    supervisor = Supervisor(
        [python("sleeper", SLEEPER)],
        on_line=lambda name, line: lines.append(f"{name}: {line}"),
        on_state=write,
        monotonic=lambda: time.monotonic() * FASTER,
    )

    def stop_when_written() -> None:
        eventually(lambda: written, 20)
        os.kill(os.getpid(), signal.SIGTERM)

    helper = threading.Thread(target=stop_when_written)
    helper.start()
    supervisor.run()
    helper.join()

    assert [state.name for state in written[0]] == ["sleeper"]
    said = [line for line in lines if line.startswith("watchpost:")]
    assert said == ["watchpost: the state of the processes cannot be written: No space left on device"]


def test_a_state_that_somebody_deleted_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "run" / "processes.json"
    supervisor = Supervisor(
        [python("sleeper", SLEEPER)],
        on_line=lambda _name, _line: None,
        on_state=lambda states: write_states(path, states),
        monotonic=lambda: time.monotonic() * FASTER,
    )
    processes: list[object] = []

    def names() -> list[str]:
        return [one["name"] for one in json.loads(path.read_text())["processes"]] if path.exists() else []

    def delete_and_stop() -> None:
        try:
            eventually(lambda: names() == ["sleeper"], 20)
            path.parent.rename(tmp_path / "deleted")
            eventually(names, 20)
            processes.extend(names())
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    helper = threading.Thread(target=delete_and_stop)
    helper.start()
    supervisor.run()
    helper.join()

    assert processes == ["sleeper"]


@pytest.mark.parametrize(("parent", "code", "said"), [(os.getpid(), 0, "a b\n"), (1, 1, "")])
def test_a_child_whose_supervisor_is_gone_before_it_starts_does_not_start(parent: int, code: int, said: str) -> None:
    done = subprocess.run(
        [*IF_CHILD_OF, str(parent), "/bin/echo", "a b"], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout) == (code, said)
