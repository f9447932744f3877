"""Routes of sessions: a browser exchanges the token for a cookie that scripts cannot read."""

from pydantic import BaseModel, Field
from starlette.responses import Response

from gateway.calls import Call, Operation, json_response
from gateway.http.answers import Answer
from gateway.http.auth import COOKIE, SESSION_PATH
from gateway.http.parameters import Nothing
from gateway.http.sessions import LASTS_S

BODY_BYTES = 4_096


class SignIn(BaseModel):
    token: str = Field(min_length=1, max_length=1000)


class SessionAnswer(Answer):
    signed_in: bool
    token_needed: bool = Field(description="False where the gateway listens to this machine only.")


async def session(call: Call[Nothing]) -> SessionAnswer:
    """Whether this browser is signed in, and whether it has to be."""
    access = call.gateway.access
    return SessionAnswer(
        signed_in=access.token is None or access.is_signed_in(call.request.headers),
        token_needed=access.token is not None,
    )


async def sign_in(call: Call[Nothing]) -> Response:
    """Exchange the token for a session cookie. Too many wrong tokens are answered with 429 and a Retry-After."""
    access, client = call.gateway.access, call.request.client
    cookie = access.sign_in((await call.body(SignIn)).token, client.host if client else "")
    response = json_response(SessionAnswer(signed_in=True, token_needed=access.token is not None))
    if cookie is not None:
        response.set_cookie(
            COOKIE, cookie, max_age=LASTS_S, httponly=True, samesite="strict", secure=_is_secure(call), path="/"
        )
    return response


async def sign_out(call: Call[Nothing]) -> Response:
    """End the session: its cookie, and every copy of it, is worth nothing afterwards."""
    await call.gateway.access.sign_out(call.request.headers)
    response = json_response(SessionAnswer(signed_in=False, token_needed=call.gateway.access.token is not None))
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


def _is_secure(call: Call[Nothing]) -> bool:
    return call.request.url.scheme == "https" or (call.gateway.access.public_url or "").startswith("https://")


OPERATIONS = [
    Operation("GET", SESSION_PATH, session, SessionAnswer, needs_journal=False),
    Operation(
        "POST",
        SESSION_PATH,
        sign_in,
        SessionAnswer,
        body=SignIn,
        body_bytes=BODY_BYTES,
        also=(429,),
        needs_journal=False,
    ),
    Operation("DELETE", SESSION_PATH, sign_out, SessionAnswer, needs_journal=False),
]
