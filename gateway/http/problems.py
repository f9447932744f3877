"""Errors as problem+json (RFC 9457): a status, a title, and a sentence that says what was wrong."""

import json
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bus_schemas.complaints import Complaint

MEDIA_TYPE = "application/problem+json"
RETRY = {"Retry-After": "2"}
"""The headers of a 503 that is soon over."""


class InvalidField(BaseModel):
    """One thing that is wrong in a body, and where: `rois.0.coordinates`."""

    path: str
    message: str


class ProblemDocument(BaseModel):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[InvalidField] | None = None


class Problem(Exception):
    """The request cannot be answered; `detail` is for the person who sent it."""

    def __init__(
        self, status: int, detail: str, errors: Sequence[InvalidField] = (), headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers


def response(problem: Problem) -> Response:
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.errors:
        document["errors"] = [fault.model_dump() for fault in problem.errors]
    headers = {"Cache-Control": "no-store", **(problem.headers or {})}
    return Response(json.dumps(document), problem.status, headers, MEDIA_TYPE)


def faults(found: Iterable[Complaint]) -> list[InvalidField]:
    return [InvalidField(path=one.path, message=one.sentence) for one in found]


async def answer_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return response(error)


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Refusals of the router itself: unknown paths and methods, bodies that are too long."""
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 404:
            detail = f"there is nothing at {request.url.path}"
        case 405:
            detail = f"{request.method} is not possible here"
        case _:
            detail = error.detail
    return response(Problem(error.status_code, detail, headers=dict(error.headers or {})))


async def answer_crash(_request: Request, _error: Exception) -> Response:
    """A bug of ours. The error itself goes to the log, never to the client."""
    return response(Problem(500, "the gateway failed on this request; its log says why"))
