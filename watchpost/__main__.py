"""`python -m watchpost` is the `watchpost` command."""

import gc

from watchpost.processes.stop_signals import end_while_starting

end_while_starting()
# Imports make many objects and hardly any garbage. Looking through all of them again and again took a sixth of a start.
gc.disable()
from watchpost.cli import main  # noqa: E402 - after the signals are handled and the collector is off

gc.freeze()
gc.enable()
if __name__ == "__main__":
    main()
