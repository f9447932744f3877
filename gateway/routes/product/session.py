"""Signing in: a browser exchanges the token for a cookie that scripts cannot read."""

from pydantic import BaseModel, Field
from starlette.responses import Response

from gateway.calls import Call, Operation, json_response
from gateway.http.answers import Answer
from gateway.http.auth import COOKIE, SESSION_PATH
from gateway.http.parameters import Nothing
from gateway.http.problems import Problem

DAYS_30 = 30 * 86_400


class SignIn(BaseModel):
    token: str = Field(min_length=1, max_length=1000)


class Session(Answer):
    signed_in: bool
    token_needed: bool = Field(description="False where the gateway listens to this machine only.")


async def sign_in(call: Call[Nothing]) -> Response:
    """Exchange the token for a session cookie."""
    access = call.gateway.access
    given = (await call.body(SignIn)).token
    if not access.admits(given):
        raise Problem(401, "this token is not the right one")
    response = json_response(Session(signed_in=True, token_needed=access.token is not None))
    if access.token is not None:
        secure = call.request.url.scheme == "https"
        response.set_cookie(
            COOKIE, access.session, max_age=DAYS_30, httponly=True, samesite="strict", secure=secure, path="/"
        )
    return response


async def sign_out(call: Call[Nothing]) -> Response:
    """Drop the session cookie."""
    response = json_response(Session(signed_in=False, token_needed=call.gateway.access.token is not None))
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


OPERATIONS = [
    Operation("POST", SESSION_PATH, sign_in, Session, body=SignIn),
    Operation("DELETE", SESSION_PATH, sign_out, Session),
]
