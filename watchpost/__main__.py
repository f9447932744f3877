"""`python -m watchpost` is the `watchpost` command."""

import gc
import sys

from watchpost.processes.stop_signals import end_while_starting

end_while_starting()
# Imports make many objects and hardly any garbage. Looking through all of them again and again took a sixth of a start.
gc.disable()
# structlog would import rich for tracebacks, which our logs have in another form: a tenth of a start, and memory.
sys.modules["rich"] = None  # type: ignore[assignment]  # the way to say that a module cannot be imported
import structlog  # noqa: E402, F401 - it is imported now, while rich is away

del sys.modules["rich"]
from producer.garbage import THRESHOLDS  # noqa: E402 - as above
from producer.library_threads import limit_library_threads  # noqa: E402 - as above
from watchpost.cli import main  # noqa: E402 - after the signals are handled and the collector is off

limit_library_threads()
gc.freeze()
gc.set_threshold(*THRESHOLDS)
gc.enable()
if __name__ == "__main__":
    main()
