"""Runs checks in processes of their own, some at a time, and returns their findings in the order of the parts."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import NoReturn

from consumers.engine.findings import Findings

OnProgress = Callable[[str, int, int], None]
"""Called with a part, how many of its positions are done, and of how many."""
CheckPart = Callable[[str, OnProgress], Findings]

_STOPPING = (signal.SIGINT, signal.SIGTERM)

CheckMessage = tuple[int, int] | Findings | Exception


class CheckDied(RuntimeError):
    """The process of a check ended before it said what it found."""


def check_in_parallel(
    parts: Sequence[str], begun: Sequence[str], check: CheckPart, on_progress: OnProgress, at_once: int
) -> Iterator[Findings]:
    """Check each part with `check`; they are begun in the order of `begun`, which holds the same parts.

    Raises what a check raises, and `CheckDied`; the others are ended then. Call it before the process has threads.
    """
    waiting, found = deque(begun), dict[str, Findings]()
    running: dict[Connection, tuple[str, ForkProcess]] = {}
    try:
        for part in parts:
            while part not in found:
                while waiting and len(running) < at_once:
                    _begin(waiting.popleft(), check, running)
                for receiver in wait(list(running)):
                    assert isinstance(receiver, Connection)
                    _receive(receiver, running, found, on_progress)
            yield found.pop(part)
    finally:
        for _, process in running.values():
            process.terminate()
        for receiver, (_, process) in running.items():
            process.join()
            receiver.close()


def _begin(part: str, check: CheckPart, running: dict[Connection, tuple[str, ForkProcess]]) -> None:
    # Forked: what a hub is made of (functions that open its stores) cannot be sent to another process.
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(part, check, sender), name=f"check {part}")
    with _signals_held_back():
        process.start()
        running[receiver] = (part, process)
    sender.close()


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Until a process that was begun is known: one that Ctrl-C comes before would go on when this one has ended."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _receive(
    receiver: Connection,
    running: dict[Connection, tuple[str, ForkProcess]],
    found: dict[str, Findings],
    on_progress: OnProgress,
) -> None:
    part, process = running[receiver]
    try:
        message: CheckMessage = receiver.recv()
    except EOFError:
        process.join()
        raise CheckDied(f"the check of {part} ended with code {process.exitcode} and said nothing") from None
    if isinstance(message, tuple):
        on_progress(part, *message)
        return
    del running[receiver]
    receiver.close()
    process.join()
    if isinstance(message, Exception):
        raise message
    found[part] = message


def _work(part: str, check: CheckPart, sender: Connection) -> None:
    # The caller decides when to stop; the files beside the views are removed then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
    with closing(sender):
        try:
            sender.send(check(part, lambda _, done, of: sender.send((done, of))))
        except Exception as error:  # noqa: BLE001 - not handled here: it rises where it was asked
            sender.send(error)


def _stop(*_: object) -> NoReturn:
    raise SystemExit(1)
