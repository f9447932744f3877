"""A machine in a folder, on which the commands of the documents are run as they stand.

Its paths are mapped to the folder, and what would change the real machine is replaced: `systemctl` starts and stops the
processes of the units itself.
"""

import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mosquitto.launcher import is_free
from tests.eventually import eventually

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDERS: Final = (
    "/opt/watchpost",
    "/etc/watchpost",
    "/var/lib/watchpost",
    "/usr/local/bin",
    "/etc/systemd/system",
    "/etc/nginx",
    "/etc/prometheus",
    "/mnt/backup",
    "/var/backups",
)
OF_OTHERS: Final = ("mosquitto", "nginx", "prometheus")
"""Services that are not ours."""
STOPS_WITHIN_S: Final = 15.0

_IGNORED: Final = "#!/bin/sh\nexit 0\n"
_INSTALL: Final = """#!/bin/sh
# As it is, but for owners: the accounts are not on this machine.
for word do
    shift
    if [ -n "${skip-}" ]; then skip=; continue; fi
    case $word in
    -o | -g) skip=yes ;;
    *) set -- "$@" "$word" ;;
    esac
done
exec /usr/bin/install "$@"
"""


def free_ports(count: int) -> list[int]:
    """Below those that the system gives to connections, of which one could take it before its service does."""
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(15_000, 32_000)
        if is_free(port, "127.0.0.1"):
            found.add(port)
    return list(found)


class Services:
    """What runs on the machine. `texts` are mapped, such as its folders and ports."""

    def __init__(self, folder: Path, texts: Mapping[str, str]) -> None:
        self.folder = folder
        self._texts = texts
        longest_first = sorted(texts, key=len, reverse=True)
        self._mapped = re.compile("|".join(map(re.escape, longest_first)))

    def path(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def mapped(self, text: str) -> str:
        return self._mapped.sub(lambda match: self._texts[match[0]], text)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'stubs'}:{self.path('/usr/local/bin')}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "WATCHPOST_HOME": str(self.path("/opt/watchpost")),
            "WATCHPOST_ETC": str(self.path("/etc/watchpost")),
            "WATCHPOST_DATA": str(self.path("/var/lib/watchpost")),
        }

    def pids(self) -> list[int]:
        """Of the services that run, with all that they have started."""
        mains = {int(file.read_text()) for file in (self.folder / "run").glob("*.pid")}
        return [pid for pid in _all_pids() if _session(pid) in mains]

    def close(self) -> None:
        for file in (self.folder / "run").glob("*.pid"):
            self.systemctl(["stop", file.stem])
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)

    def systemctl(self, arguments: list[str]) -> int:
        verb, *names = [word for word in arguments if not word.startswith("--")]
        for name in names:
            if name in OF_OTHERS:
                continue
            if verb in ("stop", "restart") or (verb == "disable" and "--now" in arguments):
                self._stop(name)
            if verb in ("start", "restart") or (verb == "enable" and "--now" in arguments):
                self._start(name)
            if verb == "reload":
                os.kill(self._pid(name), signal.SIGHUP)
            if verb == "status" and not _is_running(self._pid(name)):
                return 3
        return 0

    def _start(self, name: str) -> None:
        unit, _, instance = name.partition("@")
        text = self.path(f"/etc/systemd/system/{unit}{'@' if instance else ''}.service").read_text()
        lines = [line.partition("=") for line in text.replace("%i", instance).splitlines() if "=" in line]
        (command,) = [value for key, _, value in lines if key == "ExecStart"]
        environment = self.environment
        for key, _, value in lines:
            if key == "EnvironmentFile":
                environment |= _variables(Path(self.mapped(value.removeprefix("-"))))
        with (self.folder / "run" / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                shlex.split(self.mapped(command)),
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self.folder / "run" / f"{name}.pid").write_text(str(process.pid))

    def _stop(self, name: str) -> None:
        file = self.folder / "run" / f"{name}.pid"
        if not file.exists():
            return
        pid = self._pid(name)
        if _is_running(pid):
            os.kill(pid, signal.SIGTERM)
        eventually(lambda: not _is_running(pid), STOPS_WITHIN_S, f"the end of {name}")
        file.unlink()

    def _pid(self, name: str) -> int:
        return int((self.folder / "run" / f"{name}.pid").read_text())


class Machine(Services):
    """A fresh one, with a release in /opt/watchpost."""

    def __init__(self, folder: Path, texts: Mapping[str, str]) -> None:
        super().__init__(folder, {**{path: str(folder) + path for path in FOLDERS}, **texts})
        self._build()

    def run(self, script: str, within_s: float) -> subprocess.CompletedProcess[str]:
        """By the shell of Debian."""
        return subprocess.run(
            ["/bin/sh", "-eu", "-c", self.mapped(script)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )

    def _build(self) -> None:
        for path in ("/usr/local/bin", "/etc/systemd/system", "/etc/nginx/sites-enabled", "/etc/prometheus",
                     "/var/backups", "/var/lib", "/opt/watchpost/.venv/bin", "/etc/watchpost",
                     "run", "stubs"):  # fmt: skip
            self.path(path).mkdir(parents=True, exist_ok=True)
        opt = self.path("/opt/watchpost")
        for part in ("deploy", "constraints.txt"):
            (opt / part).symlink_to(ROOT / part)
        shutil.copytree(ROOT / "mosquitto", opt / "mosquitto", ignore=shutil.ignore_patterns("__pycache__"))
        production = opt / "mosquitto" / "production.conf"
        # As root mosquitto becomes its own user, who may not read a folder of a test.
        own = "user root\n" if os.geteuid() == 0 else ""
        production.write_text(own + self.mapped(production.read_text()))
        python = f'exec {sys.executable} -m watchpost "$@"\n'
        self._script(opt / ".venv" / "bin" / "watchpost", f"#!/bin/sh\n{python}")
        self._script(opt / ".venv" / "bin" / "pip", _IGNORED)
        self._script(opt / "dev", _IGNORED)
        for name in ("useradd", "chgrp", "journalctl", "nginx"):
            self._script(self.folder / "stubs" / name, _IGNORED)
        self._script(self.folder / "stubs" / "install", _INSTALL)
        texts = " ".join(shlex.quote(f"{one}={other}") for one, other in self._texts.items())
        command = f'exec {sys.executable} {Path(__file__)} {self.folder} {texts} -- "$@"\n'
        self._script(self.folder / "stubs" / "systemctl", f"#!/bin/sh\n{command}")

    @staticmethod
    def _script(path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)


def _variables(file: Path) -> dict[str, str]:
    """As systemd reads them: nothing of a file that is not there."""
    if not file.exists():
        return {}
    pairs = [line.partition("=") for line in file.read_text().splitlines() if "=" in line]
    return {name: value for name, _, value in pairs}


def _all_pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and _is_running(int(path.name))]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


if __name__ == "__main__":
    split = sys.argv.index("--")
    reported = dict(text.split("=", 1) for text in sys.argv[2:split])
    sys.exit(Services(Path(sys.argv[1]), reported).systemctl(sys.argv[split + 1 :]))
