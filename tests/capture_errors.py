"""Every kind of error that a step of a capture thread may raise."""


class Silent(Exception):
    """An error that fails at saying what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


ERRORS: list[BaseException] = [
    ZeroDivisionError("division by zero"),
    IndexError("list index out of range"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    ValueError("cannot reshape array of size 767 into shape (24,32)"),
    OSError(5, "Input/output error"),
    PermissionError(1, "Operation not permitted"),
    MemoryError(),
    RecursionError("maximum recursion depth exceeded"),
    ImportError("No module named 'board'"),
    AssertionError(),
    StopIteration(),
    SystemExit(1),
    KeyboardInterrupt(),
    GeneratorExit(),
    Silent(),
]
