"""Ends a test that a machine cannot run."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Something that can be installed: skips for a developer, fails in CI. `what` says how to get it."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def unavailable(what: str) -> NoReturn:
    """What no installation brings, such as the right to mount a disk: skips everywhere."""
    pytest.skip(what)
