"""When a source that failed is opened again."""

import random
from typing import Final

STEADY_SECONDS: Final = 10.0
SHARE: Final = 0.1
FIRST_SECONDS: Final = 1.0
REFUSED_SECONDS: Final = 30.0
LAST_SECONDS: Final = 60.0
JITTER: Final = 0.2


def retry_seconds(silent_s: float, worked_s: float, *, is_refused: bool = False) -> float:
    """How long to wait after a failure of a source that has given nothing for `silent_s`; it had worked for `worked_s`
    since it was opened.

    A stream that worked is opened again at once. After that the wait is a tenth of the outage, 1 s at least and 60 s at
    most, so that an outage is prolonged by little more than a tenth of itself. Each wait is up to a fifth longer or
    shorter, so that cameras behind one switch do not come at once. A camera that refuses the password waits for a
    person, and many lock the account of whoever guesses quickly: it is asked seldom from the beginning.
    """
    if worked_s >= STEADY_SECONDS and not is_refused:
        return 0.0
    least_s = REFUSED_SECONDS if is_refused else FIRST_SECONDS
    wait_s = min(max(silent_s * SHARE, least_s), LAST_SECONDS)
    return wait_s * random.uniform(1 - JITTER, 1 + JITTER)
