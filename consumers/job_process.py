"""Runs a job in a process of its own: `python -m consumers.job_process MODULE`; its order comes on standard input."""

import gc
import sys
from importlib import import_module

from producer.garbage import spare_the_collector


def job_command(module: str) -> tuple[str, ...]:
    """The command line of the process that calls `main` of a module."""
    return (sys.executable, "-m", __name__, module)


def run(module: str) -> None:
    # Imports make many objects and hardly any garbage.
    gc.disable()
    _import_structlog()
    job = import_module(module)
    spare_the_collector()
    gc.enable()
    job.main()


def _import_structlog() -> None:
    """It would import rich for tracebacks, which our logs have in another form."""
    if "structlog" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]  # the way to say that a module cannot be imported
        import_module("structlog")
        del sys.modules["rich"]


if __name__ == "__main__":
    run(sys.argv[1])
