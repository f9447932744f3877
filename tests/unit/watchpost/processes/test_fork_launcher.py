"""A forked child is what an executed one would be; and where no fork server serves, children are executed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.eventually import eventually
from watchpost.processes import fork_server_process
from watchpost.processes.fork_launcher import ForkLauncher
from watchpost.processes.launching import Launcher, ProgramLauncher, RunningProcess
from watchpost.processes.process_spec import ProcessPriority, ProcessSpec
from watchpost.processes.up import FORKED_WITH

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[4]
MODULE = """
import json, os, signal, sys

VERSION = 1
is_loaded = __name__ != "__main__"

def texts(name):
    with open(f"/proc/self/{name}", "rb") as file:
        return os.fsdecode(file.read()).split("\\0")[:-1]

def main():
    facts = {
        "argv": sys.argv, "orig_argv": sys.orig_argv, "env": dict(os.environ),
        "cmdline": texts("cmdline"), "environ": sorted(texts("environ")),
        "parent": os.getppid(), "is_leader": os.getpgid(0) == os.getpid(), "session": os.getsid(0),
        "niceness": os.nice(0), "scheduler": os.sched_getscheduler(0), "umask": os.umask(0o077),
        "files": {each: os.readlink(f"/proc/self/fd/{each}").partition(":")[0] for each in "012"},
        "more_files": len(os.listdir("/proc/self/fd")) - 4,
        "main": sys.modules["__main__"].__file__, "threads": len(os.listdir("/proc/self/task")),
    }
    print(json.dumps({"pid": os.getpid(), "version": VERSION, "is_loaded": is_loaded, "facts": facts}), flush=True)
    if "stays" in sys.argv:
        signal.pause()
    sys.exit(7)

if __name__ == "__main__":
    main()
"""


class Children:
    """Children of this process, of a module that says what it is."""

    def __init__(self, folder: Path) -> None:
        self.module = folder / "forked_by_test.py"
        self.module.write_text(MODULE)
        # The shell that executes a child would add the directory.
        self.environ = {"PYTHONPATH": f"{folder}:{ROOT}", "PATH": os.environ["PATH"], "PWD": str(Path.cwd())}
        self.said: list[str] = []
        self.launcher = ForkLauncher(["forked_by_test"], self.environ, self.said.append)
        self._running: list[RunningProcess] = []

    def spec(self, word: str = "stays", priority: ProcessPriority = ProcessPriority.URGENT, **env: str) -> ProcessSpec:
        argv = (sys.executable, "-m", "forked_by_test", word, "a b")
        return ProcessSpec("child", argv, 0, priority, {**self.environ, **env}, module="forked_by_test")

    def launch(self, process: ProcessSpec, launcher: Launcher | None = None) -> RunningProcess:
        launcher = launcher or self.launcher
        eventually(lambda: launcher.is_ready(process), what="the fork server")
        self._running.append(launcher.launch(process))
        return self._running[-1]

    def start(self, word: str = "stays", **env: str) -> dict[str, Any]:
        """What a new one says of itself."""
        return facts_of(self.launch(self.spec(word, ProcessPriority.URGENT, **env)))

    def server(self) -> int:
        assert self.launcher.server is not None
        return self.launcher.server.pid

    def end(self) -> None:
        for running in self._running:
            running.send_signal(signal.SIGKILL)
            ended(running)
            assert running.stdout is not None
            running.stdout.close()


def ended(running: RunningProcess) -> int | None:
    eventually(lambda: running.poll() is not None, what="the end of the child")
    return running.returncode


def facts_of(running: RunningProcess) -> dict[str, Any]:
    assert running.stdout is not None
    line = running.stdout.readline()
    assert line.startswith(b"{"), line + (running.stdout.read() or b"")
    facts: dict[str, Any] = json.loads(line)
    assert facts["pid"] == running.pid
    return facts


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    found = Children(tmp_path)
    try:
        with found.launcher:
            yield found
    finally:
        found.end()


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("priority", [ProcessPriority.URGENT, ProcessPriority.BATCH])
def test_a_forked_child_is_what_an_executed_one_would_be(children: Children, priority: ProcessPriority) -> None:
    spec = children.spec("ends", priority, WATCHPOST_TEST="its own", ODD="\udcff=\n")
    forked = children.launch(spec)
    executed = children.launch(spec, ProgramLauncher())

    of_forked, of_executed = facts_of(forked), facts_of(executed)

    assert (of_forked["is_loaded"], of_executed["is_loaded"]) == (True, False)
    assert of_forked["facts"] == of_executed["facts"]
    assert of_forked["facts"]["parent"] == os.getpid()
    assert (ended(forked), ended(executed)) == (7, 7)


LOADED = """
import importlib, os, sys

asked = []
get = os.getpid
os.getpid = lambda: asked.append(sys._getframe(1).f_globals["__name__"]) or get()
for module in sys.argv[1:]:
    importlib.import_module(module)
ours = ("bus_schemas", "producer", "edge", "consumers", "gateway", "mosquitto", "watchpost")
print(len(os.listdir("/proc/self/task")), *sorted({"av", "chdb", "cv2", "numpy", "pyarrow"} & sys.modules.keys()))
print(*(each for each in os.listdir("/proc/self/fd")[:-1] if int(each) > 2))
print(*(name for name in asked if name.partition(".")[0] in ours))
"""


def test_what_processes_are_forked_with_starts_no_thread_opens_no_file_and_knows_no_process() -> None:
    program = [sys.executable, "-c", LOADED, *FORKED_WITH]
    threads, files, asked = subprocess.run(program, check=True, capture_output=True, text=True).stdout.splitlines()

    assert (threads, files, asked) == ("1", "", "")


def test_how_a_forked_child_was_ended_is_known(children: Children) -> None:
    running = children.launch(children.spec())
    facts_of(running)

    running.send_signal(signal.SIGTERM)

    assert ended(running) == -signal.SIGTERM
    running.send_signal(signal.SIGTERM)


def test_a_fork_server_that_is_killed_costs_no_child_and_is_there_again(children: Children) -> None:
    before = children.launch(children.spec())
    facts_of(before)
    os.kill(children.server(), signal.SIGKILL)

    meanwhile = children.start()
    afterwards = children.start()

    assert before.poll() is None
    assert (meanwhile["is_loaded"], afterwards["is_loaded"]) == (False, True)
    assert children.said == ["the fork server is started again: killed by SIGKILL"]


def test_a_fork_server_that_hangs_is_replaced(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_server_process, "FORKS_WITHIN_S", 0.2)
    eventually(lambda: children.launcher.is_ready(children.spec()))
    hanging = children.server()
    os.kill(hanging, signal.SIGSTOP)

    assert not children.start()["is_loaded"]
    assert children.start()["is_loaded"]
    assert is_gone(hanging)
    assert children.said == ["the fork server is started again: no answer within 0.2 s"]


def test_a_process_that_is_started_after_an_update_has_no_old_code(children: Children) -> None:
    assert children.start()["version"] == 1
    children.module.write_text(MODULE.replace("VERSION = 1", "VERSION = 22"))

    meanwhile, afterwards = children.start(), children.start()

    assert (meanwhile["version"], afterwards["version"]) == (22, 22)
    assert afterwards["is_loaded"]
    assert children.said == ["the fork server is started again: what is installed has changed"]


def test_where_the_modules_cannot_be_loaded_children_are_executed(children: Children, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('no such library')")
    with ForkLauncher(["broken"], children.environ, children.said.append) as launcher:
        children.launcher = launcher

        assert [children.start()["is_loaded"] for _ in range(2)] == [False, False]

    assert children.said == ["processes are started without a fork server: exit code 1: RuntimeError: no such library"]


def test_a_stop_does_not_wait_for_a_fork_server_that_still_loads(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_server_process, "ENDS_WITHIN_S", 3600.0)
    (tmp_path / "endless.py").write_text("import signal\nopen(__file__ + '.begun', 'w').close()\nsignal.pause()\n")
    with ForkLauncher(["endless"], children.environ, children.said.append) as launcher:
        assert launcher.server is not None
        pid = launcher.server.pid
        eventually((tmp_path / "endless.py.begun").exists)
        assert not launcher.is_ready(children.spec())

    assert is_gone(pid)
    assert children.said == []


def test_a_secret_of_one_child_is_in_no_other_memory(children: Children) -> None:
    secret = "".join(["only", "for", "the", "first"])
    first = children.start(SECRET=secret)
    second = children.start()

    assert secret.encode() in memory_of(first["pid"])
    assert secret.encode() not in memory_of(children.server())
    assert secret.encode() not in memory_of(second["pid"])


def memory_of(pid: int) -> bytes:
    """What it can write."""
    regions = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    found = b""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for begin, end in (region[0].split("-") for region in regions if region[1].startswith("rw")):
            with suppress(OSError):
                memory.seek(int(begin, 16))
                found += memory.read(int(end, 16) - int(begin, 16))
    return found


def test_no_descriptor_is_left_open(children: Children) -> None:
    children.start()
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - numbers, not paths

    for _ in range(3):
        running = children.launch(children.spec("ends"))
        facts_of(running)
        assert running.stdout is not None
        running.stdout.close()

    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208 - as above


def test_forked_children_and_their_server_die_with_a_supervisor_that_is_killed(children: Children) -> None:
    program = (
        "import os\n"
        "from tests.eventually import eventually\n"
        "from watchpost.processes.fork_launcher import ForkLauncher\n"
        "from watchpost.processes.process_spec import ProcessSpec\n"
        f"spec = ProcessSpec('a', {children.spec().argv!r}, module='forked_by_test')\n"
        "with ForkLauncher(['forked_by_test'], os.environ, print) as launcher:\n"
        "    eventually(lambda: launcher.is_ready(spec))\n"
        "    running = launcher.launch(spec)\n"
        "    running.stdout.readline()\n"
        "    print(running.pid, launcher.server.pid, flush=True)\n"
        "    input()\n"
    )
    command = [sys.executable, "-c", program]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=children.environ, stdin=pipe, stdout=pipe, text=True) as supervisor:
        assert supervisor.stdout is not None
        pids = [int(pid) for pid in supervisor.stdout.readline().split()]
        assert not any(map(is_gone, pids))

        supervisor.kill()

        eventually(lambda: all(map(is_gone, pids)), what="the end of child and server")
