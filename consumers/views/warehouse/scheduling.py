"""Lowers the priority of the thread that writes rows: rows may be a second late; ingest, alerts and answers may not."""

import os
import threading
from contextlib import suppress

STEPS = 10
LOWEST = 19


def step_back() -> None:
    """For this thread and those that it starts, where the processors are busy.

    An insert is a burst on all cores; as a batch job it takes no core from anybody who has just been woken.
    """
    thread = threading.get_native_id()
    # Where a container does not allow it, rows are as urgent as everything else.
    with suppress(PermissionError):
        os.sched_setscheduler(thread, os.SCHED_BATCH, os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, thread, min(LOWEST, os.getpriority(os.PRIO_PROCESS, thread) + STEPS))
