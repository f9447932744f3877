"""What a bucket answers is read as far as it can be right, and no longer than it takes."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ResponseStreamingError

from consumers.store.cold import bounded_answers
from consumers.store.cold.bounded_answers import LONGEST_S, MOST_BYTES, BoundedAnswers


class Answer:
    """An answer of a server that gives so many bytes at a time, without end."""

    def __init__(self, chunk: bytes, status: int = 200) -> None:
        self.status_code = status
        self.raw: Any = SimpleNamespace(read1=self._read, close=lambda: None)
        self.given = 0
        self._chunk = chunk

    def _read(self, amount: int) -> bytes:
        self.given += len(self._chunk)
        return self._chunk


def sent(answer: Answer, *, is_object: bool) -> Any:
    session = SimpleNamespace(send=lambda _: answer)
    return BoundedAnswers(session).send(SimpleNamespace(stream_output=is_object))


@pytest.mark.parametrize(("status", "is_object"), [(200, False), (500, False), (404, True)])
def test_a_list_or_an_error_without_end_is_not_read_to_its_end(status: int, is_object: bool) -> None:
    endless = Answer(b" " * 100_000, status)

    with pytest.raises(ResponseStreamingError, match="has more than"):
        sent(endless, is_object=is_object)
    assert endless.given < MOST_BYTES + 200_000


def test_what_comes_byte_by_byte_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(10_000))
    monkeypatch.setattr(bounded_answers, "monotonic", lambda: float(next(seconds)))
    dripping = Answer(b"x")

    with pytest.raises(ResponseStreamingError, match="too slowly"):
        sent(dripping, is_object=False)
    assert dripping.given <= LONGEST_S + 2


def test_the_body_of_an_object_is_left_to_whoever_asked_for_it() -> None:
    endless = Answer(b"x" * 1000)

    assert sent(endless, is_object=True).raw.read(5) == b"x" * 1000
    assert endless.given == 1000
