"""What a question to the stores becomes when they cannot answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from consumers.journal.store import JournalAway
from consumers.views import NoView
from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.reading.readers import Busy


@dataclass
class Failing:
    """Readers whose every question fails."""

    error: Exception

    async def ask(self, question: Callable[[Any], Any]) -> Any:
        raise self.error


@dataclass
class Asked:
    readers: Failing


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (JournalAway("the journal cannot be read: connection refused"), "connection refused; ask again in a moment"),
        (NoView("there is no view"), "it is on its way"),
        (Busy("1000 questions wait"), "too many requests at once"),
    ],
)
def test_stores_that_cannot_answer_now_are_a_503_that_says_why(error: Exception, said: str) -> None:
    with pytest.raises(Problem, match=said) as raised:
        asyncio.run(Gateway.ask(Asked(Failing(error)), lambda stores: stores))  # type: ignore[arg-type]

    assert raised.value.status == 503
    assert raised.value.headers == {"Retry-After": "2"}
