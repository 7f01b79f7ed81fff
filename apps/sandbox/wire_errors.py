"""Errors in the shape that OpenAI's clients read."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse


class WireError(Exception):
    """`type` and `code` are OpenAI's words; `param` names the part of the request that is at fault."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = {"error": {"message": message, "type": type, "param": param, "code": code}}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body, status_code=self.status, headers=self.headers)


def bad_value(error: ValidationError) -> WireError:
    """The first fault of a body, with the place where it stands; what was sent is not repeated."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = [str(part) for part in fault["loc"]]
    if fault["type"] == "missing":
        name = ".".join(where)
        return WireError(400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    place = f" at '{'.'.join(where)}'" if where else ""
    return WireError(
        400, f"Invalid value{place}: {fault['msg']}.", param=where[0] if where else None, code="invalid_value"
    )


def on_wire_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, WireError)  # noqa: S101  registered for nothing else
    return error.response()


def on_unexpected(request: Request, error: Exception) -> JSONResponse:
    return WireError(500, "The sandbox failed for a reason of its own; its log has it.", type="server_error").response()


def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """A path or a method that there is not."""
    assert isinstance(error, HTTPException)  # noqa: S101  registered for nothing else
    headers: Any = error.headers
    if error.status_code == 404:
        message = f"Invalid URL ({request.method} {request.url.path}). The sandbox has no such address."
    else:
        message = f"{error.detail} ({request.method} {request.url.path})."
    return WireError(error.status_code, message, headers=headers).response()
