"""Starts trials as child processes of the gateway, so that they hold up neither answers nor consumers."""

import subprocess
from collections.abc import Mapping
from contextlib import suppress

from consumers.alerting.what_if import files
from consumers.alerting.what_if.trial import TrialRequest
from consumers.hub_config import HubConfig

REAP_WAIT_S = 2.0


class NoTrials(RuntimeError):
    """This gateway has no command to run trials."""


class TrialRunner:
    """One child at a time. It ends when its input does: with this process, however that ends."""

    def __init__(self, command: tuple[str, ...], environ: Mapping[str, str] | None = None) -> None:
        """`command` runs a trial; where the data are, the descriptor of the lock and the trial's id are added to it."""
        self._command = command
        self._environ = environ
        self.child: subprocess.Popen[bytes] | None = None

    def start(self, hub: HubConfig, asked: TrialRequest) -> None:
        """Raises `TrialRunning` and `NoTrials`."""
        if not self._command:
            raise NoTrials("this gateway runs no trials")
        lock = files.TrialLock(hub.data, asked.id)
        try:
            files.create(hub.data, asked)
            self._reap()
            self.child = subprocess.Popen(
                [*self._command, "--data", str(hub.data), "--lock", str(lock.fileno()), asked.id],
                stdin=subprocess.PIPE,
                # The child holds the lock until the trial has ended, and lets go of it however it ends itself.
                pass_fds=(lock.fileno(),),
                process_group=0,
                env=self._environ,
            )
        finally:
            lock.close()

    def _reap(self) -> None:
        """The one before, which holds the lock no more."""
        child, self.child = self.child, None
        if child is not None:
            assert child.stdin is not None
            child.stdin.close()
            child.wait()

    def close(self) -> None:
        """The trial that runs is interrupted, and begins again when somebody asks for it."""
        if self.child is None:
            return
        assert self.child.stdin is not None
        self.child.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.child.wait(REAP_WAIT_S)
        self.child.kill()
        self.child.wait()
        self.child = None
