"""Operations of the API: each is declared once and becomes a route, a metric and a part of the OpenAPI document."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bus_schemas.complaints import complaints, joined, summary
from gateway.context import Gateway
from gateway.http.metrics import OPERATION
from gateway.http.parameters import Nothing, Parameters, complaint_about, query_keys
from gateway.http.problems import RETRY, Problem, faults

P = TypeVar("P", bound=Parameters)
B = TypeVar("B", bound=BaseModel)

JSON = "application/json"
ANY_MEDIA = "*/*"
"""What an operation answers that hands out what others have sent: each has a media type of its own."""
MAX_BODY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Call(Generic[P]):
    """One request to an operation: its parameters are valid."""

    gateway: Gateway
    request: Request
    parameters: P
    body_bytes: int = MAX_BODY_BYTES

    async def body(self, model: type[B]) -> B:
        """The JSON body. Raises `Problem` with every fault in it."""
        return parsed(model, await self.content())

    async def content(self) -> bytes:
        """The bytes of the body. Raises `Problem` where they are too many, before they are all read."""
        chunks, size = [], 0
        try:
            async for chunk in self.request.stream():
                size += len(chunk)
                if size > self.body_bytes:
                    text = f"the body is longer than {self.body_bytes} bytes"
                    raise Problem(413, text, headers={"Connection": "close"})
                chunks.append(chunk)
        except ClientDisconnect:
            raise Problem(400, "the connection ended before the body was complete") from None
        return b"".join(chunks)


Handler = Callable[[Call[Any]], Awaitable[BaseModel | Response]]


@dataclass(frozen=True)
class Operation:
    """One method of one path. `answers` is a model, or the media type of an answer that is not JSON.

    The handler's docstring is what the OpenAPI document says of it.
    """

    method: str
    path: str
    handler: Handler
    answers: type[BaseModel] | str
    parameters: type[Parameters] = Nothing
    body: type[BaseModel] | None = None
    status: int = 200
    also: tuple[int, ...] = ()
    """Other statuses than `status`, 400, 401, 404 and 503."""
    body_bytes: int = MAX_BODY_BYTES
    """How long its body may be."""
    takes_slashes: bool = False
    """The path ends with what others named as they liked."""
    needs_journal: bool = True
    """Where the journal that ingest writes is not here, a 503 says so: an empty answer would be a wrong one."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def route(self, gateway: Gateway) -> Route:
        async def endpoint(request: Request) -> Response:
            request.scope[OPERATION] = self.name
            if self.needs_journal and (missing := gateway.readiness.no_journal) is not None:
                raise Problem(503, missing, headers=RETRY)
            answer = await self.handler(Call(gateway, request, self._read(request), self.body_bytes))
            if isinstance(answer, Response):
                return answer
            return json_response(answer, self.status)

        path = f"{self.path.removesuffix('}')}:path}}" if self.takes_slashes else self.path
        return Route(path, endpoint, methods=[self.method], name=self.name)

    def _read(self, request: Request) -> Parameters:
        known = query_keys(self.parameters, frozenset(request.path_params))
        complaint = complaint_about(request.query_params.multi_items(), known)
        if complaint is not None:
            raise Problem(400, complaint)
        try:
            return self.parameters.model_validate({**request.query_params, **request.path_params})
        except ValidationError as error:
            raise Problem(400, summary(error)) from error


def parsed(model: type[B], content: bytes) -> B:
    """Raises `Problem` with every fault in it."""
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        found = complaints(error, *_read_again(content))
        raise Problem(400, f"the body does not fit: {joined(found)}", faults(found)) from error


def _read_again(content: bytes) -> tuple[object, ...]:
    """The value of a body, for the paths of complaints; nothing where it is no JSON at all."""
    try:
        return (from_json(content),)
    except ValueError:
        return ()


def json_response(answer: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    body = answer.__pydantic_serializer__.to_json(answer, by_alias=True)
    return Response(body, status, {"Cache-Control": "no-store", **(headers or {})}, JSON)
