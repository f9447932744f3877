"""Whoever writes rows goes behind others, with every thread that it starts, and nobody else does."""

import os
import threading

from consumers.views.warehouse.scheduling import LOWEST, STEPS, step_back

Place = tuple[int, int]


def place() -> Place:
    """The policy and the niceness of this thread."""
    thread = threading.get_native_id()
    return os.sched_getscheduler(thread), os.getpriority(os.PRIO_PROCESS, thread)


def test_a_thread_steps_back_with_those_that_it_starts_and_with_no_other() -> None:
    before, found = place(), list[Place]()

    def patient() -> None:
        step_back()
        found.append(place())
        child = threading.Thread(target=lambda: found.append(place()))
        child.start()
        child.join()

    thread = threading.Thread(target=patient)
    thread.start()
    thread.join()

    behind = (os.SCHED_BATCH, min(LOWEST, before[1] + STEPS))
    assert found == [behind, behind]
    assert place() == before
