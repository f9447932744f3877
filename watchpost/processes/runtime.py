"""The start of every process: configuration, data directory, broker address, and its stop signal."""

import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_stack
from typing import NoReturn

import structlog

from producer.broker import BrokerAddress, Tls
from watchpost.cli_errors import CliError
from watchpost.configuration import demo
from watchpost.configuration.config import WatchpostConfig, load
from watchpost.configuration.secrets import secret
from watchpost.configuration.yaml_loader import parse_text, read_text
from watchpost.processes.permissions import keep_to_the_owner
from watchpost.processes.stop_signals import STOP_SIGNALS

DEFAULT_CONFIG = Path("watchpost.yaml")
SHORT_TURN_S = 0.0002
DESCRIPTORS = 8192
CALLS = 6
RELEASE_SIGNAL = signal.SIGUSR1
"""Wakes the thread that waits for a stop signal."""
RELEASE_POLL_S = 0.01
ENDS_WITHIN_S = 5.0
"""The supervisor kills what has not ended 8 s after its own stop, and stops some a few seconds after others."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Runtime:
    """The environment is read once, when this is made."""

    config: WatchpostConfig
    data: Path
    broker: BrokerAddress
    config_path: Path | None = None

    @staticmethod
    def start(
        config_path: Path | None,
        data: Path,
        mqtt_port: int | None = None,
        *,
        is_gateway: bool = False,
        on_the_bus: bool = True,
    ) -> "Runtime":
        """A command that is not `on_the_bus` needs no password of the broker. Raises `CliError`."""
        require_directory(data)
        keep_to_the_owner(data)
        if on_the_bus:
            _make_directory(data)
        config = configuration(config_path)
        # chDB changes the working directory for a moment while it is imported.
        broker = broker_address(config, mqtt_port, is_gateway=is_gateway, with_password=on_the_bus)
        return Runtime(config, data.resolve(), broker, chosen_config(config_path))


def require_directory(data: Path) -> None:
    """Raises `CliError` where something else has the name, or it is closed to us; it need not be there yet."""
    if data.exists() and not data.is_dir():
        raise CliError(f"{data} is no directory: choose another one with --data")
    if data.exists() and not os.access(data, os.R_OK | os.X_OK):
        raise CliError(f"{data} cannot be read: Permission denied")


def _make_directory(data: Path) -> None:
    """Raises `CliError`: a process that keeps nothing would only fail, again and again."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CliError(f"the data directory {data} cannot be made: {error.strerror}") from error


def broker_address(
    config: WatchpostConfig, port: int | None = None, *, is_gateway: bool = False, with_password: bool = True
) -> BrokerAddress:
    """The address of the broker, with another port where one is given, and the credentials of the process."""
    broker = config.broker
    login = (config.gateway.broker if is_gateway else None) or broker
    return BrokerAddress(
        host=broker.host,
        port=port if port is not None else broker.port,
        tls=None if broker.tls is None else Tls(**broker.tls.model_dump()),
        username=login.username,
        password=secret(os.environ, login.password_env, login.password_file) if with_password else None,
        password_file=login.password_file if with_password else None,
    )


def chosen_config(path: Path | None) -> Path | None:
    """The file that was named, else ./watchpost.yaml where there is one."""
    if path is not None:
        return path
    return DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None


def configuration(path: Path | None) -> WatchpostConfig:
    """The demo without a file."""
    chosen = chosen_config(path)
    return demo.config() if chosen is None else load(chosen)


def configuration_and_text(path: Path | None) -> tuple[WatchpostConfig, str]:
    """The configuration, and a text that says the same to whoever reads it later. Raises `ConfigError`."""
    chosen = chosen_config(path)
    if chosen is None:
        found = demo.config()
        return found, found.model_dump_json(exclude_unset=True)
    text = read_text(chosen)
    return parse_text(WatchpostConfig, text, chosen), text


def raise_descriptor_limit() -> None:
    """Raise it as far as the system lets this process and its children: a reader holds three files for each view."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def take_short_turns() -> None:
    """For a process that somebody waits for, beside threads that fold or decode.

    Each call of SQLite, and each look at a socket, gives the interpreter away. To get it back from a thread that
    computes takes 5 ms by default, ten times in an answer of ten queries.
    """
    sys.setswitchinterval(SHORT_TURN_S)


class StopSignal(threading.Event):
    """Set by a stop signal."""

    def __init__(self) -> None:
        super().__init__()
        self.is_serving = False
        self._thread: threading.Thread | None = None
        self._is_released = False

    def serve(self) -> None:
        """From here on something is open that the process closes by itself."""
        self.is_serving = True

    def listen(self, ends_within_s: float | None) -> None:
        """Start the thread that waits for a signal."""

        def wait() -> None:
            while signal.sigwait({*STOP_SIGNALS, RELEASE_SIGNAL}) == RELEASE_SIGNAL:
                if self._is_released:
                    return
            self.set()
            if ends_within_s is not None:
                end_within(ends_within_s if self.is_serving else 0.0)

        self._thread = threading.Thread(target=wait, name="signals", daemon=True)
        self._thread.start()

    def release(self) -> bool:
        """Take no more signals: one that comes now stays pending for what runs in this process next. False if one has
        come already.
        """
        thread = self._thread
        assert thread is not None
        assert thread.ident is not None
        self._is_released = True
        signal.pthread_kill(thread.ident, RELEASE_SIGNAL)
        while thread.is_alive() and not self.is_set():
            thread.join(RELEASE_POLL_S)
        return not self.is_set()


def stop_event(ends_within_s: float | None = None) -> StopSignal:
    """Set by SIGTERM or SIGINT; called first, before anything starts a thread.

    With `ends_within_s` the process ends at once where it serves nothing yet, as while it imports what it needs, and
    else after this time, whatever it still waits for: what it has written is whole at every moment.

    A thread that does not block the signal is given it, and dies of it with the whole process. numpy's arithmetic
    library starts one where it is imported.

    A thread waits for the signal: a handler that sets the event could interrupt the main thread just where it holds the
    event's own lock, and hang.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {*STOP_SIGNALS, RELEASE_SIGNAL})
    stopping = StopSignal()
    stopping.listen(ends_within_s)
    return stopping


def end_within(seconds: float) -> NoReturn:
    """End the process after this time, unless it has ended before."""
    time.sleep(seconds)
    if seconds:
        stack = extract_stack(sys._current_frames().get(threading.main_thread().ident or 0))
        calls = [f"{Path(call.filename).name}:{call.lineno} {call.name}" for call in stack[-CALLS:]]
        log.warning("ended before everything was closed", after_s=seconds, main_thread=" < ".join(reversed(calls)))
    exit_beside_threads()


def end_soon() -> None:
    """End as a process ends on a stop signal; its main thread goes on meanwhile."""
    threading.Thread(target=end_within, args=(ENDS_WITHIN_S,), name="end", daemon=True).start()


def restart(stopping: StopSignal, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the same command anew in this process, or one with other arguments: its id stays, and every thread, file and
    lock of it is gone. Signals stay blocked until the command can take them, so that none is lost on the way.
    """
    logging.shutdown()
    if not stopping.release():
        exit_beside_threads()
    command = sys.orig_argv[1:] if arguments is None else ("-m", "watchpost", *arguments)
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606  (our own command line)


def exit_beside_threads(code: int = 0) -> NoReturn:
    """End the process although threads still run: those that wait for a camera or a name server, and those of numpy,
    OpenCV and chDB.

    If the interpreter shut down meanwhile, they would return to freed memory, and the process would crash; or it would
    wait for them. Files and locks are closed before, and standard error is not buffered.
    """
    logging.shutdown()
    os._exit(code)
